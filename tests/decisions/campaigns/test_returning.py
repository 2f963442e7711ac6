from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from nextbest.decisions.campaigns import Decision, Ledger, Report, fields_of, sort_out

AT = datetime(2026, 3, 2, 9)  # noqa: DTZ001
PEOPLE = [Decision(f"d{n}", f"c{n}", "oat", "spring", "sms", is_control=n == 0) for n in range(4)]
LEDGER = Ledger({one.decision_id: one for one in PEOPLE}, {one.customer_id: one for one in PEOPLE})
REPORTS = st.builds(
    lambda decision, customer, said: (decision, customer, tuple((word, AT) for word in said)),
    st.sampled_from(["d0", "d1", "d2", "dx", None]),
    st.sampled_from(["c0", "c1", "cx", None]),
    st.lists(st.sampled_from(["sent", "responded", "unsubscribed"]), unique=True),
)


@given(st.lists(REPORTS))
def test_every_row_is_kept_merged_or_refused_and_nothing_counts_twice(drawn):
    reports = [Report(row, *report) for row, report in enumerate(drawn)]
    back = sort_out(reports, LEDGER)
    assert back.n_kept + back.n_merged + len(back.refused) == len(reports)
    new = [(one.decision.decision_id, one.response) for one in back.new]
    assert len(set(new)) == len(new)
    again = sort_out(reports, Ledger(LEDGER.decisions, LEDGER.of_customer, frozenset(new)))
    assert again.new == []


def test_a_row_of_the_control_group_is_kept_and_counted():
    back = sort_out(
        [Report(1, "d0", None, (("sent", AT),)), Report(2, None, "c0", (("responded", AT),))], LEDGER
    )
    assert (back.n_kept, back.n_control, back.n_control_sent) == (2, 2, 1)


def test_a_decision_of_somebody_else_is_refused():
    back = sort_out([Report(1, "d1", "c2", (("sent", AT),)), Report(2, "d1", "c1", ())], LEDGER)
    assert back.refused == {1: "campaign.other_customer"}
    assert back.n_kept == 1


def test_columns_are_found_by_their_english_and_chinese_names():
    assert fields_of(("客户编号", "状态", "Time", "手机号")) == {
        "customer_id": "客户编号",
        "response": "状态",
        "occurred_at": "Time",
    }
