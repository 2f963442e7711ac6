"""A campaign's way out and back, as an analyst types it."""

import csv
import json
import shutil

import pytest

CONTACTS = """
[[source]]
name = "people"
files = ["../people.csv"]
table = "customers"
[source.columns]
customer_id = "customer_id"
name = "name"
email = "email"
phone = "phone"

[[source]]
name = "consents"
files = ["../consents.csv"]
table = "consents"
[source.columns]
customer_id = "customer_id"
purpose = "purpose"
channel = "channel"
status = "status"
changed_at = "changed_at"
"""
CAMPAIGN = """[campaign]
channels = ['sms']
control_share = 0.4
coupon = 'SPRING-{decision_id}'
text = 'Hello {name}, {product} with {coupon_code} until {ends_on}'
"""
DENIED, SILENT = "c001", "c002"


def write_people(folder):
    ids = [f"c{number:03}" for number in range(23)]
    people = ["customer_id,name,email,phone"]
    people += [f"{one},=cmd{one},{one}@example.com,+44770090{one[1:]}" for one in ids]
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    status = {DENIED: "revoked"}
    rows = ["customer_id,purpose,channel,status,changed_at"]
    rows += [
        f"{one},marketing,sms,{status.get(one, 'granted')},2026-01-01 10:00" for one in ids if one != SILENT
    ]
    (folder / "consents.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="session")
def planned_shop(finished_shop, tmp_path_factory):
    """A shop whose customers have phones and consents, with a campaign by SMS that is planned; made once."""
    from nextbest.app import campaigning
    from nextbest.app.workspace import Workspace

    folder = tmp_path_factory.mktemp("planned")
    shutil.copytree(finished_shop, folder, dirs_exist_ok=True)
    write_people(folder)
    settings = folder / "shop" / "nextbest.toml"
    text = settings.read_text(encoding="utf-8").replace(str(finished_shop), str(folder))
    settings.write_text(text.replace("[campaign]\n", CAMPAIGN) + CONTACTS, encoding="utf-8")
    workspace = Workspace.open(folder / "shop")
    workspace.load()
    campaigning.plan(workspace)
    return folder


@pytest.fixture
def campaign_shop(planned_shop, tmp_path):
    """A copy of it, for one test to change."""
    shutil.copytree(planned_shop, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "shop" / "nextbest.toml"
    here = settings.read_text(encoding="utf-8").replace(str(planned_shop), str(tmp_path))
    settings.write_text(here, encoding="utf-8")
    return tmp_path / "shop"


def rows_of(path):
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def table(nextbest, shop, name):
    return json.loads(nextbest("show", name, "--in", shop, "--json", "--limit", "1000").out)


def test_the_file_holds_who_agreed_and_never_the_control_group(nextbest, campaign_shop):
    audience = table(nextbest, campaign_shop, "campaign_audience")
    control = {row["customer_id"] for row in audience if row["group"] == "control"}
    assert control
    done = nextbest("campaign", "export", "out.csv", "--preset", "sms", "--unmask", "--in", campaign_shop)
    assert done.code == 0, done.err
    sent = rows_of(campaign_shop.parent / "out.csv")
    assert {row["customer_id"] for row in sent} == {row["customer_id"] for row in audience} - control
    assert not {DENIED, SILENT} & {row["customer_id"] for row in sent}
    first = sent[0]
    assert first["contact"].startswith("+44770090"), "a platform dials what stands there"
    assert first["coupon_code"] == f"SPRING-{first['decision_id']}"
    assert first["coupon_code"] in first["text"]
    assert first["send_from"].endswith("09:00")
    exposures = table(nextbest, campaign_shop, "exposures")
    assert {row["variant"] for row in exposures} == {"treatment", "control"}
    assert len(exposures) == len(audience)
    assert all(row["exposed_at"] is None and row["assignment_probability"] for row in exposures)


def test_exclusions_are_counted_by_reason(nextbest, campaign_shop):
    counts = {
        row["reason"]: row["n_customers"] for row in table(nextbest, campaign_shop, "campaign_exclusions")
    }
    assert (counts["consent_denied"], counts["consent_unknown"]) == (1, 1)


def test_contacts_and_names_are_masked_unless_asked_for(nextbest, campaign_shop):
    done = nextbest("campaign", "export", "out.csv", "--preset", "sms", "--in", campaign_shop)
    assert "masked" in done.out
    text = (campaign_shop.parent / "out.csv").read_text(encoding="utf-8")
    assert "+44770090" not in text
    assert "cmd" not in text


def test_wecom_headers_are_chinese_in_chinese(nextbest, campaign_shop):
    done = nextbest(
        "campaign", "export", "out.xlsx", "--preset", "crm", "--language", "zh", "--in", campaign_shop
    )
    assert done.code == 0, done.err
    from python_calamine import CalamineWorkbook

    header = (
        CalamineWorkbook.from_path(campaign_shop.parent / "out.xlsx").get_sheet_by_index(0).to_python()[0]
    )
    assert header[:3] == ["客户编号", "联系方式", "渠道"]


def test_consent_that_was_taken_back_after_the_plan_counts(nextbest, campaign_shop):
    nextbest("campaign", "export", "before.csv", "--preset", "sms", "--in", campaign_shop)
    gone = rows_of(campaign_shop.parent / "before.csv")[0]["customer_id"]
    with (campaign_shop.parent / "consents.csv").open("a") as file:
        file.write(f"{gone},marketing,,revoked,2026-02-01 10:00\n")
    assert nextbest("load", "--in", campaign_shop).code == 0
    done = nextbest("campaign", "export", "after.csv", "--preset", "sms", "--in", campaign_shop)
    assert "1 whose consent no longer holds" in " ".join(done.out.split())
    assert gone not in {row["customer_id"] for row in rows_of(campaign_shop.parent / "after.csv")}


def test_what_comes_back_is_taken_in_once_and_nothing_is_lost(nextbest, campaign_shop):
    nextbest("campaign", "export", "out.csv", "--preset", "sms", "--unmask", "--in", campaign_shop)
    sent = rows_of(campaign_shop.parent / "out.csv")
    one, other = (row["decision_id"] for row in sent[:2])
    control = next(row for row in table(nextbest, campaign_shop, "exposures") if row["variant"] == "control")
    lines = ["decision_id,customer_id,status,occurred_at,amount"]
    lines += [f"{row['decision_id']},{row['customer_id']},sent,2026-07-01 10:00," for row in sent]
    lines += [
        f"{one},,redeemed,2026-07-03 12:00,12.50",
        f"{one},,redeemed,2026-07-03 12:00,12.50",
        f"{other},,退订,2026-07-02 09:00,",
        f"{control['decision_id']},,responded,2026-07-02 09:00,",
        "nobody,,sent,2026-07-01 10:00,",
        f"{one},c999,sent,2026-07-01 10:00,",
        f"{one},,exploded,2026-07-01 10:00,",
        f"{one},,opened,the other day,",
        ",c999,sent,2026-07-01 10:00,",
    ]
    (campaign_shop.parent / "back.csv").write_text("\n".join(lines) + "\n")
    done = json.loads(nextbest("campaign", "import", "back.csv", "--in", campaign_shop, "--json").out)
    assert done["n_read"] == len(lines) - 1 == done["n_kept"] + done["n_merged"] + done["n_quarantined"]
    assert done["n_merged"] == 1
    assert done["reasons"] == {
        "campaign.other_customer": 1,
        "campaign.unknown_customer": 1,
        "campaign.unknown_decision": 1,
        "campaign.unknown_state": 1,
        "campaign.unreadable_time": 1,
    }
    assert done["responses"] == {"redeemed": 1, "responded": 1, "sent": len(sent), "unsubscribed": 1}
    assert (done["n_control"], done["n_control_sent"]) == (1, 0)
    exposures = {row["decision_id"]: row for row in table(nextbest, campaign_shop, "exposures")}
    assert {key for key, row in exposures.items() if row["exposed_at"]} == {
        row["decision_id"] for row in sent
    }
    (redeemed,) = (
        row for row in table(nextbest, campaign_shop, "responses") if row["response"] == "redeemed"
    )
    assert (redeemed["revenue"], redeemed["occurred_at"][:16]) == (12.5, "2026-07-03T11:00"), (
        "London's noon is 11 in UTC"
    )
    consents = table(nextbest, campaign_shop, "consents")
    assert [row["status"] for row in consents if row["changed_at"].startswith("2026-07-02")] == ["revoked"]
    (load,) = (row for row in table(nextbest, campaign_shop, "load_report") if row["source"] == "campaign")
    assert load["n_quarantined"] == 5
    assert "came back before" in nextbest("campaign", "import", "back.csv", "--in", campaign_shop).out
    (campaign_shop.parent / "again.csv").write_text("\n".join([*lines[:4]]) + "\n\n")
    again = json.loads(nextbest("campaign", "import", "again.csv", "--in", campaign_shop, "--json").out)
    assert (again["n_kept"], again["n_merged"]) == (0, 3)
    assert nextbest("load", "--in", campaign_shop).code == 0, "later loads keep what came back"
    assert len(table(nextbest, campaign_shop, "responses")) == 3


def test_who_had_a_message_is_left_in_peace_afterwards(nextbest, campaign_shop):
    nextbest("campaign", "export", "out.csv", "--preset", "sms", "--in", campaign_shop)
    sent = rows_of(campaign_shop.parent / "out.csv")
    flags = [f"{row['decision_id']},yes,2026-06-24 10:00" for row in sent]
    (campaign_shop.parent / "back.csv").write_text(
        "\n".join(["决策编号,已发送,时间", *flags]) + "\n", encoding="utf-8"
    )
    assert nextbest("campaign", "import", "back.csv", "--in", campaign_shop).code == 0
    settings = campaign_shop / "nextbest.toml"
    settings.write_text(settings.read_text().replace("[campaign]\n", "[campaign]\nstarts_on = 2026-06-29\n"))
    assert nextbest("campaign", "plan", "--in", campaign_shop).code == 0
    counts = {
        row["reason"]: row["n_customers"] for row in table(nextbest, campaign_shop, "campaign_exclusions")
    }
    assert counts["contacted_lately"] == len(sent)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "out.csv", "--preset", "fax"], 'There is no preset "fax"'),
        (["export", "out.csv", "--preset", "wecom"], "planned are: sms"),
        (["export", "out.pdf", "--preset", "sms"], ".csv"),
        (["export", "out.csv", "--preset", "sms", "--campaign", "autumn"], 'no campaign "autumn"'),
        (["export", "out.csv", "--preset", "sms", "--language", "fr"], "--language"),
        (["export", "nowhere/out.csv", "--preset", "sms"], "There is no folder nowhere"),
        (["import", "people.csv"], "is no file that came back"),
        (["import", "nothing.csv"], "nothing.csv"),
    ],
)
def test_a_mistake_is_one_sentence(nextbest, campaign_shop, words, said):
    done = nextbest("campaign", *words, "--in", campaign_shop)
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_file_in_chinese_says_in_chinese_why(nextbest, campaign_shop):
    words = ("campaign", "export", "zh.csv", "--preset", "crm", "--language", "zh", "--in", campaign_shop)
    assert nextbest(*words).code == 0
    reasons = {row["推荐理由"] for row in rows_of(campaign_shop.parent / "zh.csv")}
    assert reasons
    assert not any("ought" in reason for reason in reasons), reasons


def test_without_consents_a_plan_is_marked_and_nothing_goes_out(nextbest, shop):
    planned = nextbest("campaign", "plan", "--in", shop)
    assert "no table consents" in planned.out
    assert {row["consent"] for row in table(nextbest, shop, "campaign_audience")} == {"assumed"}
    done = nextbest("campaign", "export", "out.csv", "--preset", "email", "--in", shop)
    assert done.code == 1
    assert "Nothing was exported" in done.err
    assert not (shop.parent / "out.csv").exists()
