"""What a person does with several keys: from a form through the last question."""
import re

ARM = 0.45  # the last question takes no answer within 400 ms of a key or of its first paint
QUESTION = r"any other key: back|^ Type .* to \w+:"


def next_field(tty):
    """Tab, and the mark stands elsewhere. What is said beside the fields may change meanwhile."""
    def marks():
        return re.findall(r"^>\[ \w+|^ [A-Z][\w ]*>(?= |$)", tty.text(), re.M)

    before = marks()
    tty.key("Tab")
    tty.wait(lambda: marks() != before)


def fill(tty, label, text):
    """Types into the field of the open form, which becomes the current one."""
    field = r"^ %s\s*>" % re.escape(label)
    tty.wait(r"^ %s" % re.escape(label))
    for _ in range(12):
        if re.search(field, tty.text(), re.M):
            tty.key(*["BS"] * 40)
            tty.type(text)
            return
        next_field(tty)
    raise AssertionError("no field %s. The screen:\n%s" % (label, tty.text()))


def to_question(tty):
    """Start, once the preview is there."""
    tty.wait(r"^ (Allowed|Refused) ")
    for _ in range(12):
        if re.search(r"^>\[ Start", tty.text(), re.M):
            return tty.press("Enter", QUESTION)
        next_field(tty)
    raise AssertionError("Start is not reached. The screen:\n%s" % tty.text())


def answer(tty, typed=None):
    tty.wait(QUESTION)
    tty.rest(ARM)
    if typed is None:
        tty.key("y")
    else:
        tty.type(typed)
        tty.rest(ARM)
        tty.key("Enter")


def choose(tty, runbook):
    """A runbook of the list that r opens."""
    tty.press("r", r"^\W+%s " % re.escape(runbook))
    tty.to_row(r"^> +%s " % re.escape(runbook))
    tty.press("Enter", r"Run: %s" % re.escape(runbook))


def act(tty, key, runbook, reason=None, typed=None):
    """The whole way with a key that stands for a runbook."""
    tty.press(key, "Run: " + runbook)
    if reason:
        fill(tty, "Reason", reason)
    to_question(tty)
    answer(tty, typed)
