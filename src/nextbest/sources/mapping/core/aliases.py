"""What the columns of a table are called out there, in English and Chinese.

One line per column: names that mean it, then after ``~`` names that may mean it when the values agree. Earlier names are
better. ``wanted`` compares names without case, blanks and punctuation.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_CUSTOMER = """customer id; customer no; customer number; customer code; customer key; customer; cust id; cust no; client id;
client no; client number; client; member id; member no; member number; user id; buyer id; shopper id; contact id; party id;
visitor id; household id; household key; household; hshd num; loyalty id; card id; card no; ncodpers;
kundennummer; kunden nr; kundennr; kunden id; kunde;
客户编号; 客户号; 客户id; 客户代码; 会员编号; 会员号; 会员id; 会员卡号; 用户id; 用户编号; 用户号; 买家id; 顾客编号; 买家会员名; 买家昵称;
买家账号; 买家旺旺; 会员名; 用户昵称; 粉丝昵称; 客户; 会员; 顾客; 客户名称 ~ id; uid; user; member; buyer; account id; account no; name;
买家; 用户; openid; 买家手机号; 客户手机号; 手机号; 收货人手机号; 收货人手机号/提货人手机号; 联系手机; 会员手机号; 手机号码; 手机;
email; customer email; email address; e mail; email billing; billing email; 邮箱; phone; phone number; billing phone;
phone billing; telephone; mobile"""

_PRODUCT = """product id; product no; product number; product code; product key; sku; sku id; sku code; variant sku;
lineitem sku; item sku; item id; item no; item code; stock code; stock id; article id; article no; article number; article code;
material; material no; material number; upc; ean; gtin; barcode; asin; isbn; plu; goods id; goods no; product sku; plan id;
policy type; account type; product type id; artikelnummer; artikel nr; artikelnr; artikel id; 商品编号; 商品编码; 商品id; 商品代码; 商品货号; 货号; 产品编号; 产品编码; 产品代码; 产品id;
sku编码; 规格编码; sku编号; 商家编码; 外部系统编号; 商品条码; 条码; 条形码; 款号; 物料编码; 物料号; 宝贝id ~ product; item; products; items;
article; product name; item name; lineitem name; item description; itemdescription; product title; title; description; goods;
goods name; commodity; service; bezeichnung; artikelbezeichnung; artikelname; artikel; produkt; 商品名称; 商品; 宝贝标题; 宝贝名称; 商品标题; 标题; 产品名称; 产品; 货品名称; 品名; 菜品; 菜品名称; 险种;
基金名称; id; handle; code"""

_TIME = """ordered at; order date; order time; order datetime; order date time; order timestamp; order purchase timestamp;
date ordered; invoice date; invoice datetime; invoice time; transaction date; transaction timestamp; transaction time;
transaction datetime; trans date; purchase date; purchased at; date of purchase; purchase time; sale date; sales date;
sold at; sold on; bestelldatum; rechnungsdatum; kaufdatum; belegdatum; verkaufsdatum; created at; order created at; date created; completed at; paid at; paid date; date paid; posting date;
booking date; bill date; receipt date; visit date; checkout time; datetime; date time; timestamp; tran date; txn date;
下单时间; 订单创建时间; 订单时间; 创建时间; 订单日期; 下单日期; 交易时间; 成交时间; 交易日期; 订单付款时间; 付款时间; 支付时间; 销售时间;
销售日期; 购买时间; 购买日期; 消费时间; 消费日期; 开票日期; 结账时间 ~ date; time; ts; day; when; month; datum; 日期; 时间"""

ALIASES: Final[Mapping[str, Mapping[str, str]]] = {
    "order_lines": {
        "ordered_at": _TIME,
        "line_id": """line id; order line id; lineitem id; line item id; order item id; line key; 子订单编号; 子订单号; 订单明细编号;
        明细编号; 子单号; 订单商品明细id""",
        "order_id": """order id; order no; order number; amazon order id; order key; order name; order; sales order; sales order id; invoice no;
        invoice number; invoice id; invoice; transaction id; transaction no; transaction number; trans id; txn id; basket id;
        basket no; basket; basket num; receipt id; receipt no; receipt number; receipt; bill no; bill number; bill id; bill;
        ticket id; ticket no; ticket number; ticket; cart id; check no; check id; purchase id; document no; document number;
        po number; bestellnummer; bestell nr; auftragsnummer; rechnungsnummer; rechnungs nr; belegnummer; bon nr; 订单编号; 订单号; 主订单编号; 主订单号; 订单id; 主订单id; 交易编号; 交易号; 交易单号; 小票号; 小票编号; 单据编号; 单据号;
        销售单号; 流水号; 单号; 发票号; 账单号 ~ transaction; trans; tr; tid; session id; visit id; order reference; reference; id""",
        "customer_id": _CUSTOMER,
        "product_id": _PRODUCT,
        "ordered_seq": "order number of customer; ordered seq; order sequence; visit number",
        "quantity": """quantity; qty; units; unit sold; units sold; order quantity; quantity ordered; qty ordered; item quantity;
        lineitem quantity; product quantity; number of items; no of items; pieces; quantity sold; sales qty; sales quantity;
        order qty; menge; anzahl; stück; spend units; units purchased; num items; 数量; 购买数量; 商品数量; 宝贝数量; 宝贝总数量; 销售数量; 订购数量; 件数;
        销量; 购买件数; 份数 ~ count; number""",
        "net_revenue": """net revenue; net sales; net amount; sales value; sales amount; sale amount; sale price total; line total;
        line amount; line revenue; line price; item total; item subtotal; item revenue; extended price; total price; revenue;
        sales; turnover; spend; spent; amount paid; paid amount; paid; payment value; order line w o tax; order line total;
        order line subtotal; gesamtpreis; umsatz; zeilenbetrag; total sales; total amount; amount usd; 实付金额; 实收金额; 实付; 实收; 买家实付金额; 买家实际支付金额;
        商品实付金额; 商品实际成交金额; 商品实付; 实际支付金额; 实付款; 销售额; 销售金额; 成交金额; 商品小计; 小计; 支付金额; 付款金额;
        消费金额; 金额 ~ amount; total; value; subtotal; betrag; summe; monetary; 总金额; 总价; 商品金额; 合计""",
        "unit_price": """unit price; price; item price; lineitem price; price each; price per unit; item cost; selling price;
        sale price; sales price; product price; einzelpreis; stückpreis; preis; unit cost price net; rate; mrp; 单价; 价格; 商品单价; 商品价格; 售价; 成交单价; 实际单价;
        购买单价; 零售价; 销售单价; 商品售价""",
        "gross_revenue": """gross revenue; gross sales; gross amount; list amount; total before discount; 原价金额; 商品总价; 应收金额;
        商品应付金额; 吊牌金额""",
        "discount": """discount; rabatt; discount value; item discount; lineitem discount; line discount; retail disc; discount amount;
        total discount; discounts; markdown; 优惠金额; 折扣金额; 商品优惠金额; 商品优惠; 优惠; 折扣额; 让利金额""",
        "tax": "tax; tax amount; vat; gst; sales tax; line tax; item tax; 税额; 税费",
        "order_discount": """order discount; order discount amount; discount total; cart discount; cart discount amount; total discounts;
        basket discount; 订单优惠; 订单优惠金额; 店铺优惠""",
        "order_postage": """shipping; shipping total; shipping amount; shipping cost; shipping price; shipping fee; postage; delivery fee;
        delivery cost; freight; order shipping amount; 运费; 邮费; 配送费; 买家应付邮费; 快递费""",
        "line_type": "line type; row type; record type",
        "refund": "refund; refund amount; item refunded; refunded amount; amount refunded; 退款金额; 商品退款金额; 已退款金额; 商品已退款金额",
        "refunded_quantity": """refunded quantity; item refunded qty; quantity refunded; qty refunded; returned quantity;
        return quantity; 退货数量; 退款数量""",
        "unit_cost": "unit cost; cost; cost price; item cogs; cogs; cost of goods sold; purchase price; cost per unit; 成本; 成本价; 单位成本; 进价; 采购价",
        "coupon_id": "coupon id; coupon; coupon code; voucher; voucher code; discount code; promo code; 优惠券; 优惠券编号; 优惠码; 券码",
        "points_used": "points used; points redeemed; points spent; 使用积分; 消耗积分; 积分抵扣; 买家使用积分; 积分使用",
        "promotion_id": "promotion id; promotion; promo id; deal id; 促销编号; 活动编号; 促销活动",
        "campaign_id": "campaign id; campaign; utm campaign; 营销活动",
        "adviser_id": "adviser id; advisor id; adviser; advisor; salesperson; sales person; sales rep; salesman; staff id; staff; employee id; employee; cashier; cashier id; seller id; agent id; 导购; 导购员; 业务员; 销售员; 客户经理; 营业员; 收银员",
        "channel": "channel; sales channel; order channel; order source; source; source name; platform; 渠道; 销售渠道; 订单来源; 来源; 订单渠道; 平台",
        "store_id": "store id; store; filiale; store no; store number; store code; shop id; shop; branch; branch id; outlet; outlet id; location id; location; warehouse; store name; 门店; 门店编号; 门店编码; 门店名称; 店铺; 店铺名称; 店铺id; 网点; 归属店铺; 归属网点; 下单网点",
        "currency": "currency; currency code; order currency; währung; 币种; 货币; 货币代码",
        "is_return": "is return; is returned; return; returned; return flag; is refund; refund flag; 是否退货; 退货标志; 是否退款",
        "status": "order status; financial status; payment status; status; state of order; transaction status; 订单状态; 状态; 交易状态; 付款状态; 支付状态; 子订单状态",
    },
    "products": {
        "product_id": _PRODUCT,
        "name": """product name; bezeichnung; artikelbezeichnung; artikelname; item name; lineitem name; name; title; product title; item title; product description;
        item description; itemdescription; description; article name; goods name; item desc; product desc; product; item;
        商品名称; 宝贝标题; 宝贝名称; 商品标题; 产品名称; 货品名称; 标题; 品名; 名称; 商品; 产品; 菜品名称; 商品全称 ~ product type; sub commodity desc;
        text""",
        "department": "department; dept; division; department name; main category; category level 1; 部门; 大类; 一级类目; 一级分类",
        "category": """category; warengruppe; kategorie; product category; category name; item category; product group; product line; category id;
        commodity desc; commodity; google product category; sub category; subcategory; product type; type; class; 类目; 商品类目;
        商品分类; 分类; 品类; 类别; 商品类别; 二级类目; 商品类型""",
        "brand": "brand; brand name; marke; hersteller; vendor; manufacturer; manufacturer id; lineitem vendor; 品牌; 厂商; 供应商",
        "parent_id": "parent id; parent sku; item group id; parent; 父级编号; 上级编号",
        "list_price": "list price; regular price; compare at price; lineitem compare at price; recommended retail price; rrp; msrp; price; variant price; 原价; 吊牌价; 市场价; 标价; 价格; 售价; 零售价",
        "unit_cost": "unit cost; cost; cost price; cogs; cost of goods sold; cost per item; 成本; 成本价; 进价; 采购价",
        "risk_level": "product risk level; product risk; risk level; risk rating; 风险等级; 产品风险等级",
        "launched_on": "launched on; launch date; introduced on; on sale since; available from; 上架时间; 上架日期; 上市日期",
        "is_active": "is active; active; available; on sale; 是否在售; 是否上架",
        "is_replenishable": "is replenishable; replenishable; consumable; 是否消耗品",
        "upgrade_of": "upgrade of; upgrades; 升级自",
    },
    "customers": {
        "customer_id": _CUSTOMER,
        "household_id": "household id; household key; household; hshd num; 家庭编号",
        "group_id": "group id; employer; employer id; club; company; company name; organisation; organization; 单位; 企业; 公司",
        "store_id": "home store; home branch; branch; branch id; store id; store; 归属门店; 开户网点; 所属门店; 网点",
        "adviser_id": "adviser id; advisor id; adviser; advisor; relationship manager; account manager; contact owner; 客户经理; 专属导购; 理财经理",
        "joined_on": "joined on; join date; joined; customer since; member since; signup date; sign up date; registration date; registered at; registered on; created at; became member on; 注册时间; 注册日期; 入会时间; 入会日期; 开户日期; 成为会员时间",
        "birth_on": "birth on; birth date; birthday; date of birth; dob; birthdate; 生日; 出生日期",
        "gender": "gender; sex; 性别",
        "place": "place; country; city; region; town; shipping city; billing city; shipping country; billing country; city billing; city shipping; country billing; country shipping; state; province; county; 城市; 省份; 省; 市; 地区; 国家; 收货人城市; 收货人省份; 所在地",
        "risk_level": "customer risk level; risk level; risk tolerance; risk appetite; 风险承受能力; 风险等级",
        "risk_assessed_on": "risk assessed on; risk assessment date; 风险测评日期",
        "name": "customer name; full name; first name; billing name; shipping name; name billing; client name; 收货人姓名; 收货人; 收货人/提货人; 客户姓名; 会员姓名; 姓名; 真实姓名 ~ name",
        "email": "email; e mail; customer email; email address; email billing; billing email; mail; 邮箱; 电子邮箱",
        "phone": "phone; phone number; billing phone; phone billing; telephone; mobile; mobile phone; mobile number; cell phone; 手机号; 手机; 手机号码; 联系手机; 联系电话; 电话; 收货人手机号; 收货人手机号/提货人手机号; 买家手机号; 会员手机号; 客户手机号",
        "wecom_id": "wecom id; wecom; external userid; external user id; wechat id; wechat; 企业微信; 企业微信id; 企微id; 外部联系人id; 微信号; 微信",
        "address": "address; street; billing street; shipping street; billing address; shipping address; billing address1; address 1 billing; 收货地址; 详细地址; 地址; 详细收货地址/提货地址; 收货人地址",
    },
    "holdings": {
        "customer_id": _CUSTOMER,
        "product_id": _PRODUCT + "; type; account; policy; fund; 险种代码; 产品类型; 账户类型",
        "opened_on": """opened on; open date; opened at; opened; opening date; date opened; account open date; start date;
        starts on; effective date; policy start date; inception date; issue date; activation date; contract date;
        开户日期; 开户时间; 开通日期; 生效日期; 起保日期; 签约日期; 开始日期; 起息日 ~ start; since; from date; purchase date; date; 购买日期; 日期""",
        "seen_on": """seen on; snapshot date; as of; as of date; snapshot; month; month end; period; report date; reporting date;
        reporting month; fecha dato; balance date; 月份; 快照日期; 统计日期; 数据日期; 报告日期; 月末""",
        "closed_on": "closed on; close date; closed at; closed; date closed; closing date; end date; ends on; expiry date; maturity date; termination date; cancel date; lapse date; 销户日期; 关闭日期; 到期日期; 终止日期; 结束日期; 退保日期",
        "status": "status; account status; policy status; state; 状态; 账户状态; 保单状态",
        "closed_reason": "closed reason; close reason; reason; termination reason; lapse reason; 销户原因; 终止原因; 退保原因",
        "balance": "balance; current balance; account balance; outstanding; outstanding balance; 余额; 账户余额; 当前余额; 持有金额; 市值 ~ amount; value; 金额",
        "premium": "premium; annual premium; yearly premium; 保费; 年缴保费; 年保费",
        "monthly_profit": "monthly profit; profit per month; 月利润",
        "usage": "usage; used; data used; minutes used; 用量; 使用量",
        "allowance": "allowance; included; data allowance; bundle size; 套餐量; 额度",
        "held": "held; has product; holds; owned; flag; is held; 是否持有; 持有",
    },
    "customer_profit": {
        "customer_id": _CUSTOMER,
        "month_on": "month on; month; period; year month; yearmonth; 月份; 年月 ~ date; 日期",
        "profit": "profit; monthly profit; customer profit; net profit; contribution; margin; 利润; 贡献; 净利润; 月利润",
    },
    "events": {
        "event_id": "event id; message id; hit id; insert id; 事件id; 事件编号",
        "customer_id": _CUSTOMER.partition("~")[0].replace("visitor id;", "") + "; login id ~ uid; user; email",
        "anonymous_id": "anonymous id; user pseudo id; client id; device id; cookie id; visitor id; distinct id; visitorid; full visitor id; domain userid; 设备id; 匿名id; 访客id",
        "session_id": "session id; visit id; ga session id; session; 会话id; 访问id",
        "type": "event; event name; event type; type; action; behavior; behaviour; behavior type; activity; 事件; 事件名称; 事件类型; 行为类型; 行为 ~ name",
        "occurred_at": "occurred at; event timestamp; event time; timestamp; original timestamp; sent at; received at; event date; time; datetime; date time; created at; ts; date; 事件时间; 发生时间; 访问时间; 时间; 日期",
        "product_id": _PRODUCT.partition("~")[0] + "; items item id; properties product id; properties sku ~ item; product",
        "page": "page; page url; url; page location; page path; page title; context page url; 页面; 页面地址; 链接",
        "query": "query; search term; search query; search; keyword; properties query; 搜索词; 关键词",
        "channel": "channel; platform; source; traffic source; device category; 渠道; 平台; 来源",
        "dwell_seconds": "dwell seconds; dwell time; duration; time on page; duration seconds; 停留时长; 停留时间",
        "properties": "properties; event params; params; 属性; 事件属性",
    },
    "interactions": {
        "interaction_id": "interaction id; case id; ticket id; call id; contact log id; case number; 工单编号; 工单号; 服务单号; 通话编号",
        "customer_id": _CUSTOMER,
        "occurred_at": "occurred at; contact date; contacted at; call date; call time; case opened; opened at; created at; created date; interaction date; date; time; timestamp; 联系时间; 通话时间; 服务时间; 创建时间; 时间; 日期",
        "channel": "channel; contact channel; medium; contact type; contact; 渠道; 联系方式; 服务渠道",
        "kind": "kind; case type; interaction type; call type; reason; topic; subject; category; type; 类型; 工单类型; 服务类型; 原因",
        "adviser_id": "agent id; agent; adviser id; advisor id; adviser; advisor; handled by; owner; employee; 坐席; 客服; 客户经理; 处理人",
        "outcome": "outcome; result; resolution; poutcome; call result; disposition; 结果; 处理结果; 联系结果",
        "satisfaction": "satisfaction; csat; rating; nps; satisfaction score; score; 满意度; 评分",
        "note": "note; notes; comment; comments; transcript; remark; 备注; 记录; 内容",
    },
    "exposures": {
        "customer_id": _CUSTOMER.partition("~")[0] + " ~ uid; user; email; phone",
        "unit_id": "unit id; experiment unit; subject id; randomization unit; 实验单元",
        "unit_type": "unit type; subject type; 单元类型",
        "offer_id": "offer id; offer; offer code; coupon offer; creative id; 优惠方案; 方案编号; 权益编号",
        "campaign_id": "campaign id; campaign; campaign code; campaign name; utm campaign; mailing id; 活动编号; 营销活动; 活动id; 活动名称; 计划编号",
        "experiment_id": "experiment id; experiment; experiment name; test id; ab test; test name; 实验编号; 实验id; 实验名称; 实验",
        "experiment_version": "experiment version; test version; 实验版本",
        "variant": "variant; variation; variant id; variant name; experiment group; test group; treatment group; ab group; arm; bucket; 分组; 实验组; 实验分组; 组别; 版本 ~ group; treatment",
        "exposed_at": "exposed at; exposure time; shown at; sent at; send time; sent date; date sent; delivered at; delivery time; assigned at; enrolled at; impression time; 曝光时间; 发送时间; 触达时间; 投放时间; 分组时间; 展示时间 ~ timestamp; time; date; datetime; 时间; 日期",
        "channel": "channel; medium; 渠道; 触达渠道; 发送渠道",
        "placement": "placement; slot; position; ad slot; 版位; 资源位; 展位",
        "cost": "cost; contact cost; send cost; cost per contact; 成本; 触达成本; 发送成本",
        "decision_id": "decision id; 决策编号; 决策id",
        "assignment_probability": "assignment probability; propensity; treatment probability; assignment prob; 分组概率; 分流概率",
    },
    "responses": {
        "decision_id": "decision id; 决策编号; 决策id",
        "customer_id": _CUSTOMER.partition("~")[0] + " ~ uid; user; email; phone",
        "offer_id": "offer id; offer; offer code; coupon offer; 优惠方案; 方案编号; 权益编号",
        "response": "response; response type; reaction; 响应; 响应类型; 反馈; 反馈类型 ~ event; action; status; type; 状态; 类型",
        "occurred_at": "occurred at; responded at; response time; response date; redeemed at; clicked at; opened at; 响应时间; 反馈时间; 核销时间; 发生时间 ~ timestamp; time; date; datetime; 时间; 日期",
        "revenue": "revenue; net revenue; sales; amount; 销售额; 金额",
        "margin": "margin; profit; 毛利; 利润",
    },
    "campaigns": {
        "campaign_id": "campaign id; campaign; campaign code; campaign no; 活动编号; 活动id; 营销活动编号; 活动代码",
        "name": "campaign name; name; title; 活动名称; 营销活动; 名称",
        "starts_on": "starts on; start date; start day; starts at; start; from; begins on; begin date; 开始日期; 开始时间; 活动开始时间; 起始日期",
        "ends_on": "ends on; end date; end day; ends at; end; until; to; 结束日期; 结束时间; 活动结束时间; 截止日期",
        "cost": "cost; budget; campaign cost; spend; 成本; 费用; 预算; 活动费用",
        "offer_ids": "offer ids; offers; offer id; offer; 优惠方案; 权益",
        "goal": "goal; objective; purpose; target; 目标; 活动目标; 目的",
    },
    "offers": {
        "offer_id": "offer id; offer; offer code; offer no; 优惠方案编号; 方案编号; 权益编号; 优惠编号",
        "kind": "kind; offer type; offer kind; type; 优惠类型; 权益类型; 类型",
        "product_ids": "product ids; products; product id; product; skus; sku; 商品; 商品编号; 适用商品",
        "price": "price; offer price; promo price; 价格; 优惠价; 活动价",
        "cost": "cost; offer cost; discount cost; 成本; 优惠成本",
        "starts_at": "starts at; start date; start time; valid from; starts on; 开始时间; 生效时间; 开始日期",
        "ends_at": "ends at; end date; end time; valid until; valid to; expires at; expiry date; ends on; 结束时间; 失效时间; 结束日期; 有效期至",
        "content": "content; text; message; copy; creative; description; 内容; 文案; 描述",
        "rules": "rules; eligibility; conditions; condition; 规则; 适用条件; 条件",
    },
    "stock": {
        "product_id": _PRODUCT,
        "store_id": "store id; store; store no; store code; shop id; shop; branch; branch id; warehouse; warehouse id; location; location id; 门店; 门店编号; 门店编码; 店铺; 仓库; 仓库编号; 仓库名称",
        "counted_on": "counted on; count date; stock date; inventory date; snapshot date; as of; as of date; stocktake date; date; day; 盘点日期; 库存日期; 盘点时间; 快照日期; 统计日期; 日期",
        "on_hand": "on hand; stock on hand; qty on hand; quantity on hand; on hand qty; stock; stock level; stock qty; stock quantity; inventory; inventory level; inventory qty; inventory quantity; units in stock; available qty; available quantity; bestand; lagerbestand; 库存; 库存数量; 库存量; 现有库存; 可用库存; 实际库存; 在库数量",
        "on_order": "on order; qty on order; quantity on order; units on order; open purchase qty; in transit; 在途; 在途数量; 在途库存; 采购在途",
        "lead_time_days": "lead time days; lead time; delivery days; replenishment days; 提前期; 采购周期; 到货天数; 补货周期",
    },
    "consents": {
        "customer_id": _CUSTOMER.partition("~")[0] + " ~ uid; user; email; phone",
        "purpose": "purpose; consent purpose; consent type; consent for; 用途; 目的; 授权用途; 授权类型; 同意类型",
        "channel": "channel; contact channel; medium; 渠道; 触达渠道; 联系渠道",
        "status": "status; consent status; consent; consent state; state; 状态; 授权状态; 同意状态; 是否同意",
        "changed_at": "changed at; consent date; consented at; consent time; updated at; status date; since; date; time; timestamp; 变更时间; 授权时间; 更新时间; 同意时间; 日期; 时间",
    },
    "tags": {
        "customer_id": _CUSTOMER.partition("~")[0] + " ~ uid; user",
        "tag": "tag; tag name; label; 标签; 标签名称",
        "since_on": "since on; since; tagged at; tagged on; valid from; 打标日期; 开始日期",
        "until_on": "until on; until; valid until; expires; expires on; 失效日期; 结束日期",
        "source": "source; tagged by; 来源",
    },
    "identities": {
        "alias": "alias; alias id; external id; other id; 别名",
        "kind": "kind; alias kind; id type; alias type; 别名类型",
        "customer_id": "customer id; client id; member id; 客户编号",
        "since_at": "since at; since; linked at",
    },
    "rates": {
        "day_on": "day on; date; day; valid from; rate date; from; 日期",
        "currency": "currency; currency code; from currency; ccy; code; 币种; 货币",
        "rate": "rate; exchange rate; fx rate; value; 汇率",
    },
}  # fmt: skip

_PERSONAL: Final = re.compile(
    r"(^|[^a-z])(name|firstname|lastname|surname|street|address\d?|zip|postcode|postal|phone|mobile|tel|fax|e-?mail|passport|"
    r"ssn|iban|ip)([^a-z]|$)|姓名|手机|电话|地址|邮编|身份证|护照|邮箱|支付宝账号|收货人|微信|旺旺|留言",
    re.IGNORECASE,
)
_NOT_PERSONAL: Final = re.compile(
    r"(store|product|item|lineitem|brand|company|category|event|file|method|campaign|shop|service|plan|lines?\b|usage|charge|minutes|marketing|consent)",
    re.IGNORECASE,
)
"""Words beside which a name is not a person's: store name, product name."""


def plain(header: str) -> str:
    """Bring a header to the form in which names are compared.

    Examples
    --------
    >>> plain("Email (Billing)"), plain("InvoiceNo"), plain("Order #"), plain("买家实付金额（元）")
    ('emailbilling', 'invoiceno', 'orderno', '买家实付金额元')
    """
    text = unicodedata.normalize("NFKC", header).lower().replace("#", "no")
    return "".join(letter for letter in text if letter.isalnum())


def is_personal_header(header: str) -> bool:
    """Tell whether a column seems to name or reach a person.

    Examples
    --------
    >>> is_personal_header("Billing Name"), is_personal_header("Product Name"), is_personal_header("收货人姓名")
    (True, False, True)
    >>> is_personal_header("phone_service")
    False
    """
    return _PERSONAL.search(header) is not None and _NOT_PERSONAL.search(header) is None


def without_unit(header: str) -> str:
    """Take a trailing bracket off a header: ``金额(元)`` is 金额, ``Price [GBP]`` is Price.

    Examples
    --------
    >>> without_unit("Price [GBP]"), without_unit("Email (Billing)")
    ('Price', 'Email')
    """
    return re.sub(r"\s*[(\[（【][^()\[\]（）【】]*[)\]）】]\s*$", "", unicodedata.normalize("NFKC", header))


@functools.cache
def wanted(table: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names of each column of a table, sure ones and those that need the values' support; best first.

    Examples
    --------
    >>> wanted("rates")["rate"]
    (('rate', 'exchangerate', 'fxrate', 'value', '汇率'), ())
    """
    return {column: _split(names, column) for column, names in ALIASES.get(table, {}).items()}


def _split(names: str, column: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sure, _, unsure = names.partition("~")
    first = (plain(column), *(plain(name) for name in sure.split(";")))
    return tuple(dict.fromkeys(name for name in first if name)), tuple(
        name for name in map(plain, unsure.split(";")) if name
    )
