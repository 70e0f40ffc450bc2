-- A table with the columns of FOCUS 1.x that the connector focus-cost reads (the others may follow). Load a
-- provider's export into it; an export with "CamelCase" names needs a view that renames them.
-- Costs are exact (exports hold values like 0.00000080000); times are UTC; an end is exclusive.
create table if not exists focus_cost (
	billingaccountid text not null,
	billingcurrency text not null,
	billingperiodstart timestamptz not null,
	billingperiodend timestamptz not null,
	chargecategory text not null,       -- Usage, Purchase, Tax, Credit, Adjustment
	chargeclass text,                   -- Correction or nothing
	chargeperiodstart timestamptz not null,
	chargeperiodend timestamptz not null,
	billedcost numeric(38, 18) not null,
	effectivecost numeric(38, 18) not null,
	providername text not null,
	servicecategory text not null,
	servicename text not null,
	subaccountid text,
	subaccountname text,
	regionid text,
	resourceid text,
	skuid text,
	tags jsonb
);
create index if not exists focus_cost_day on focus_cost (chargeperiodstart);
