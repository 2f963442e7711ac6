"""Random shops as raw tables, random visitors: no answer breaks a guardrail. A million of them: ``python -m benchmarks faults``."""

import pytest
from benchmarks.guarding import violations


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_no_answer_breaks_a_guardrail_that_the_raw_tables_tell(seed):
    found = violations(seed, 2_000)
    assert found.pop("decided") > 200
    assert not found


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("consents", "personal"),
        ("customers", "young"),
        ("holdings", "has it"),
        ("offer_candidates", "ruled out"),
        ("products", "never"),
        ("stock", "stock"),
        ("tags", "do not contact"),
    ],
)
def test_the_check_itself_sees_what_the_service_does_not_know(table, broken):
    found = sum((violations(seed, 300, without=[table]) for seed in range(6)), start=violations(6, 300))
    assert found[broken]
