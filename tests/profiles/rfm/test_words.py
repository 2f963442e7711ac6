from inline_snapshot import snapshot

from nextbest.base.messages import render
from nextbest.profiles.rfm.spec import SegmentTotals
from nextbest.profiles.rfm.words import findings

TOTALS = [
    SegmentTotals("champions", 120, 0.12, 64000.0, 0.64),
    SegmentTotals("at_risk", 90, 0.09, 9000.0, 0.09),
    SegmentTotals("new", 790, 0.79, 27000.0, 0.27),
]


def sentences(language):
    return [
        render(text, language, currency="EUR")
        for finding in findings(TOTALS)
        for text in (finding.sentence, finding.evidence, finding.action)
    ]


def test_the_sentences_read_well_in_english():
    assert sentences("en") == snapshot(
        [
            "Customers in the segment “Champions” are 12% of all customers and brought 64% of the revenue.",
            "120 customers, net revenue €64,000 so far.",
            "Serve these customers first: keep what they buy in stock and give them new things before others.",
            "90 customers in the segment “At risk” buy more often than most and have been away longer than most; they brought 9.0% of the revenue.",
            "9.0% of all customers, net revenue €9,000 so far.",
            "Contact them before they are lost, and hold some back at random to see whether it helps.",
        ]
    )


def test_the_sentences_read_well_in_chinese():
    assert sentences("zh") == snapshot(
        [
            "“核心顾客”分群的顾客占全部顾客的 12%，贡献了 64% 的收入。",
            "共 120 位顾客，至今净收入 €64,000。",
            "优先服务这些顾客：保证他们常买的商品有货，新品先给他们。",
            "“有流失风险”分群有 90 位顾客，买得比多数人勤，但离上次购买的时间比多数人久；他们贡献了 9.0% 的收入。",
            "占全部顾客的 9.0%，至今净收入 €9,000。",
            "在他们流失之前联系他们，并随机保留一部分不联系，以检验是否有效。",
        ]
    )
