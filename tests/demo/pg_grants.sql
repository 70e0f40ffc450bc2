grant select on focus_cost to watchdesk_operator;
