"""AWS Cost Explorer over JSON 1.1: anomalies, feedback, cost and usage. Signatures (SigV4) are really checked."""
import hashlib
import hmac
from typing import Any, Dict, List, Optional

from .web import Reply, Request, System
from .world import DAY, World, day

TARGET = "AWSInsightsIndexService."
MONITOR = "arn:aws:ce::123456789012:anomalymonitor/1e5f8a52-7a4c-4d39-9d3a-0c8f2b1f6a11"


def signature(secret: str, rq: Request, scope: str, signed: str, stamp: str) -> str:
    """Signature Version 4 over a request with a plain path and no query, as Cost Explorer is called."""
    date, region, service, _ = scope.split("/")
    names = signed.split(";")
    canonical = "\n".join(
        [rq.method, rq.raw_path, rq.raw_query]
        + ["%s:%s" % (n, " ".join((rq.headers.get(n) or "").split())) for n in names]
        + ["", signed, hashlib.sha256(rq.body).hexdigest()]
    )
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class CostExplorer(System):
    name = "aws"

    def __init__(self, world: World, key_id: str, secret: str) -> None:
        super().__init__()
        self.world, self.key_id, self.secret = world, key_id, secret
        self.anomalies: List[dict] = []
        self.growing: Dict[str, float] = {}  # id -> dollars a minute
        self.fill()
        self.world.every(15, self.grow)
        self.world.at(100, lambda: self.add("Amazon EC2", "eu-west-1", "BoxUsage:m5.4xlarge", 0, 212.4, 61.2, "growth", grows=1.4))
        self.route("POST", "/", self.call)

    def add(self, service: str, region: str, usage: str, days: int, actual: float, expected: float, account: str, value: str = "", feedback: str = "", grows: float = 0.0) -> None:
        ident = self.world.uuid()
        row = {
            "AnomalyId": ident, "AnomalyStartDate": day(self.world.now - days * DAY) + "T00:00:00Z", "AnomalyEndDate": day(self.world.now - max(0, days - 2) * DAY) + "T00:00:00Z",
            "DimensionValue": value or service,
            "RootCauses": [
                {
                    "Service": service, "Region": region, "LinkedAccount": str(111100000000 + sum(map(ord, account))), "LinkedAccountName": account, "UsageType": usage,
                    "Impact": {"Contribution": round(actual - expected, 2)},
                }
            ],
            "AnomalyScore": {"MaxScore": round(min(0.99, (actual - expected) / (actual + 1)), 2), "CurrentScore": 0.7},
            "Impact": {}, "MonitorArn": MONITOR,
        }
        self.set_spend(row, actual, expected)
        if feedback:
            row["Feedback"] = feedback
        self.anomalies.append(row)
        if grows:
            self.growing[ident] = grows

    @staticmethod
    def set_spend(row: dict, actual: float, expected: float) -> None:
        impact = {"MaxImpact": round(actual - expected, 2), "TotalImpact": round(actual - expected, 2), "TotalActualSpend": round(actual, 2), "TotalExpectedSpend": round(expected, 2)}
        if expected:
            impact["TotalImpactPercentage"] = round((actual - expected) / expected * 100, 2)
        row["Impact"] = impact

    def fill(self) -> None:
        rng = self.world.rng
        for i in range(23):
            service = rng.choice(["Amazon S3", "Amazon RDS", "AWS Glue", "Amazon Kinesis", "AWS Lambda", "Amazon CloudWatch", "AWS Data Transfer"])
            expected = 0.0 if i == 4 else rng.uniform(20, 900)
            self.add(service, "us-east-1", "Requests-Tier1", rng.randint(4, 60), expected + rng.uniform(30, 700), expected, rng.choice(["data", "growth", "ml"]),
                     feedback=rng.choice(["YES", "NO", "PLANNED_ACTIVITY"]))
        self.add("AWS Glue", "us-east-1", "ETL-DPU-Hour", 2, 318.7, 190.0, "data")
        self.add("Amazon Redshift", "us-east-1", "Node:ra3.4xlarge", 0, 1840.0, 450.0, "warehouse", value="WH_ETL", grows=3.1)

    def grow(self) -> None:
        for row in self.anomalies:
            rate = self.growing.get(row["AnomalyId"])
            if rate:
                self.set_spend(row, row["Impact"]["TotalActualSpend"] + rate / 4, row["Impact"]["TotalExpectedSpend"])
                row["RootCauses"][0]["Impact"]["Contribution"] = row["Impact"]["TotalImpact"]

    def calm(self, value: str) -> None:
        """What drove the spend is over: it grows no more."""
        for row in self.anomalies:
            if row["DimensionValue"] == value:
                self.growing.pop(row["AnomalyId"], None)

    def summary(self) -> Any:
        return {a["AnomalyId"]: {"value": a["DimensionValue"], "feedback": a.get("Feedback", "")} for a in self.anomalies}

    # ---- requests ------------------------------------------------------------------------------

    @staticmethod
    def refuse(status: int, kind: str, message: str) -> Reply:
        return Reply(status, {"__type": kind, "message": message}, kind="application/x-amz-json-1.1")

    def admit(self, rq: Request) -> Optional[Reply]:
        scheme, _, rest = (rq.headers.get("Authorization") or "").partition(" ")
        if not rest:
            return self.refuse(400, "MissingAuthenticationTokenException", "Missing Authentication Token")
        parts = dict(p.strip().partition("=")[::2] for p in rest.split(","))
        key_id, _, scope = parts.get("Credential", "").partition("/")
        if scheme != "AWS4-HMAC-SHA256" or scope.count("/") != 3 or not parts.get("SignedHeaders"):
            return self.refuse(400, "IncompleteSignatureException", "Authorization header is not complete")
        if key_id != self.key_id:
            return self.refuse(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
        stamp = rq.headers.get("X-Amz-Date") or ""
        if signature(self.secret, rq, scope, parts["SignedHeaders"], stamp) != parts.get("Signature"):
            message = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
            return self.refuse(400, "InvalidSignatureException", message)
        return None

    def call(self, rq: Request) -> Reply:
        target = rq.headers.get("X-Amz-Target") or ""
        operation = {TARGET + "GetAnomalies": self.get_anomalies, TARGET + "ProvideAnomalyFeedback": self.feedback, TARGET + "GetCostAndUsage": self.usage}.get(target)
        body = rq.json()
        if operation is None:
            return self.refuse(400, "UnknownOperationException", "")
        if not isinstance(body, dict):
            return self.refuse(400, "SerializationException", "Unable to parse the request")
        reply = operation(body)
        reply.kind = "application/x-amz-json-1.1"
        return reply

    def get_anomalies(self, body: Any) -> Reply:
        interval = body.get("DateInterval") or {}
        if not interval.get("StartDate"):
            return self.refuse(400, "ValidationException", "1 validation error detected: Value null at 'dateInterval.startDate' failed to satisfy constraint: Member must not be null")
        first, last = interval["StartDate"], interval.get("EndDate") or "9999"
        rows = [a for a in self.anomalies if first <= a["AnomalyEndDate"][:10] <= last]
        if body.get("Feedback"):
            rows = [a for a in rows if a.get("Feedback") == body["Feedback"]]
        size = max(1, min(int(body.get("MaxResults") or 100), 100))
        token = body.get("NextPageToken") or ""
        if token and not token.startswith("page-"):
            return self.refuse(400, "InvalidNextTokenException", "The pagination token is invalid. Try again without a pagination token.")
        at = int(token[5:]) if token else 0
        reply: Dict[str, Any] = {"Anomalies": rows[at : at + size]}
        if at + size < len(rows):
            reply["NextPageToken"] = "page-%d" % (at + size)
        return Reply(200, reply)

    def feedback(self, body: Any) -> Reply:
        if body.get("Feedback") not in ("YES", "NO", "PLANNED_ACTIVITY"):
            return self.refuse(400, "ValidationException", "1 validation error detected: Value at 'feedback' failed to satisfy constraint: Member must satisfy enum value set: [YES, NO, PLANNED_ACTIVITY]")
        for row in self.anomalies:
            if row["AnomalyId"] == body.get("AnomalyId"):
                row["Feedback"] = body["Feedback"]
                self.world.did(self.name, "feedback " + body["Feedback"], row["DimensionValue"])
                return Reply(200, {"AnomalyId": row["AnomalyId"]})
        return self.refuse(400, "ResourceNotFoundException", "The specified ARN in the request doesn't exist.")

    def usage(self, body: Any) -> Reply:
        days = [day(self.world.now - i * DAY) for i in range(30, 0, -1)]
        period = body.get("TimePeriod") or {}
        rows = [
            {
                "TimePeriod": {"Start": d, "End": d}, "Estimated": d == days[-1], "Groups": [],
                "Total": {"UnblendedCost": {"Amount": "%.10f" % (2100 + 37.5 * (i % 7)), "Unit": "USD"}},
            }
            for i, d in enumerate(days)
            if (period.get("Start") or "") <= d < (period.get("End") or "9999")
        ]
        return Reply(200, {"ResultsByTime": rows, "DimensionValueAttributes": []})
