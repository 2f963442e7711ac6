from inline_snapshot import snapshot

from nextbest.base.messages import render
from nextbest.models.intent.spec import IntentSettings
from nextbest.models.intent.words import Found, findings, too_few

FOUND = Found(
    n_visits=1290,
    n_steps=6846,
    model={"auc": 0.72, "log_loss": 0.47, "calibration_error": 0.02},
    baseline={"auc": 0.66, "log_loss": 0.49},
    settings=IntentSettings(coupon_odds=2.0),
    margin_share=0.3,
    margin_source="given",
    least=0.06,
    below=0.333,
    hesitating_share=0.4,
    anyway_share=0.1,
)


def sentences(language):
    told = [*findings(FOUND, is_kept=True), *findings(FOUND, is_kept=False), *too_few(31, 1, 50)]
    return [render(text, language) for finding in told for text in (finding.sentence, finding.evidence)]


def test_the_sentences_read_well_in_english():
    assert sentences("en") == snapshot(
        [
            "Whether a visit ends in an order can be told while it runs: in 72% of pairs, a visit that did stood above one that did not; by the cart alone, in 66%.",
            "Judged after each of 6,846 events of the newest 1,290 visits, which the model had not seen. Logarithmic loss 0.47 (cart alone: 0.49); probabilities are 2.0% off on average.",
            "A coupon of 10% pays where the probability of an order is between 6.0% and 33%: 40% of the moments. Above it (10%) too many would have bought anyway.",
            "An order earns 30% of its value. It is assumed that the coupon multiplies the odds of an order by 2; no test has measured it. Below 6.0% a visit is less likely than usual.",
            "What visitors do says no more about an order to come than whether the cart is empty: there is no intent model.",
            "After 6,846 events of the newest 1,290 visits: logarithmic loss 0.47, by the cart alone 0.49.",
            "Too few visits to tell who will order: 31 visits, 1 of them with an order.",
            "Visits with an order, and visits without, are needed: 50 of each among the older four fifths, and a fifth as many among the newest.",
        ]
    )


def test_the_sentences_read_well_in_chinese():
    assert sentences("zh") == snapshot(
        [
            "访问进行中就能判断会不会下单：随机取一次下单的访问和一次未下单的访问，模型有 72% 的把握把前者排在前面；只看购物车则为 66%。",
            "在模型没有见过的最新 1,290 次访问中，于 6,846 个事件之后逐一检验。对数损失 0.47（只看购物车：0.49）；概率平均偏差 2.0%。",
            "面值 10% 的优惠券，在下单概率介于 6.0% 与 33% 之间时划算，占 40% 的时刻；更高时（占 10%）本来就会买的访客太多，发券得不偿失。",
            "每单毛利占订单金额的 30%。假设优惠券使下单的几率（odds）变为 2 倍，尚无测试证实。低于 6.0% 的访问比平常更不可能下单。",
            "访客的行为并不比“购物车是否为空”更能预示下单，因此没有意向模型。",
            "最新 1,290 次访问的 6,846 个事件之后：对数损失 0.47，只看购物车为 0.49。",
            "访问太少，无法判断谁会下单：共 31 次访问，其中 1 次下单。",
            "需要下单和未下单的访问：较早的五分之四里各至少 50 次，最新的五分之一里各至少为其五分之一。",
        ]
    )
