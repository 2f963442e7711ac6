/* A small shop: home, product, cart and receipt. Every page asks once for all its slots and is drawn when the answer is there,
 * so that nothing moves afterwards; without an answer it is drawn without slots. Texts are set as text, never as HTML. */
import { connect, load, save } from "./offers.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const shop = await (await fetch("shop.json")).json();
const language = load("shop.language", navigator.language.startsWith("zh") ? "zh" : "en");
const money = new Intl.NumberFormat(language, { style: "currency", currency: shop.currency, currencyDisplay: "narrowSymbol" });
const offers = connect({ service: shop.service, key: shop.key, patience: shop.patience_ms, heard });

const asked = new URLSearchParams(location.search);
const view = ["product", "cart", "receipt"].find((name) => asked.has(name)) ?? "home";
const VIEWS = {
  home: { slots: ["home"], draw: home },
  product: { slots: ["product.upgrade", "product.related"], draw: product },
  cart: { slots: ["cart.threshold", "cart.addon"], draw: cart },
  receipt: { slots: ["receipt.next"], draw: receipt },
};
let turns = 0; // how often offers were asked for on this page

frame();
offers.page(view);
if (view === "product") offers.track("Product Viewed", { product_id: asked.get("product") });
if (view === "cart") offers.track("Cart Viewed", { products: lines() });
await open();

/* ---- Pages ---- */

async function open() {
  turns += 1;
  const turn = turns;
  const products = view === "receipt" ? load("shop.order", { products: [] }).products : lines();
  const answers = await offers.decide(VIEWS[view].slots, {
    page: view,
    locale: language,
    cart: products.map(({ product_id, quantity, price }) => ({ product_id, quantity, price })),
    ...(view === "product" && { product_id: asked.get("product") }),
  });
  const given = Object.values(answers).flatMap((answer) => answer.offers);
  const ids = [asked.get("product"), ...given.flatMap((offer) => offer.product_ids)].filter(Boolean);
  const goods = ids.length ? await (await fetch(`goods.json?${new URLSearchParams(ids.map((id) => ["id", id]))}`)).json() : {};
  const slots = VIEWS[view].slots.map((name) => slot(name, answers[name]?.offers ?? [], goods)).filter(Boolean);
  if (turn !== turns) return; // the cart has changed meanwhile, and was asked for again
  const focused = document.activeElement;
  const isInside = $("main").contains(focused);
  $("main").replaceChildren(...VIEWS[view].draw(slots, goods));
  if (isInside) ($(focused.id) ?? $("main")).focus();
}

function home(slots) {
  document.title = shop.name;
  return [
    el("div", { class: "opening" }, el("h1", {}, word("home_title")), person()),
    ...slots,
    el("h2", {}, word("shelves")),
    el("div", { class: "shelves" }, ...shop.shelves.map(shelf)),
  ];
}

function product(slots, goods) {
  const one = goods[asked.get("product")];
  document.title = `${one ? calm(one.name) : word("unknown_product")} · ${shop.name}`;
  if (!one) return [el("h1", {}, word("unknown_product")), el("p", {}, el("a", { href: "./" }, word("to_shop"))), ...slots];
  return [
    el("p", { class: "path" }, el("a", { href: "./" }, word("home")), ` › ${[one.department, one.category].filter(Boolean).map(calm).join(" › ")}`),
    el("h1", {}, calm(one.name)),
    one.size && el("p", { class: "muted" }, calm(one.size)),
    el("p", { class: "price" }, money.format(one.price)),
    el("button", { class: "primary", type: "button", id: "add", onclick: () => add(one) }, word("add")),
    ...slots,
  ].filter(Boolean);
}

function cart(slots) {
  document.title = `${word("cart_title")} · ${shop.name}`;
  const products = lines();
  if (!products.length) return [el("h1", {}, word("cart_title")), el("p", {}, `${word("cart_empty")} `, el("a", { href: "./" }, word("to_shop"))), ...slots];
  return [
    el("h1", {}, word("cart_title")),
    el("ul", { class: "lines" }, ...products.map(line)),
    sum(products),
    gap(products),
    el("button", { class: "primary", type: "button", id: "order", onclick: order }, word("order")),
    ...slots,
  ].filter(Boolean);
}

function receipt(slots) {
  document.title = `${word("receipt")} · ${shop.name}`;
  const done = load("shop.order", null);
  if (!done) return [el("h1", {}, word("receipt")), el("p", {}, word("receipt_none"))];
  return [
    el("h1", {}, word("receipt_title")),
    el("p", { class: "muted" }, word("order_number", { id: done.order_id })),
    el("ul", { class: "lines" }, ...done.products.map((one) => el("li", {}, el("span", {}, `${one.quantity} × ${calm(one.name)}`), el("b", {}, money.format(one.quantity * one.price))))),
    sum(done.products),
    ...slots,
  ];
}

/* ---- Pieces ---- */

function frame() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  $("brand").textContent = shop.name;
  $("languages").setAttribute("aria-label", word("language"));
  $("languages").append(...Object.entries({ en: "EN", zh: "中文" }).map(([code, name]) => el("button", {
    type: "button", lang: code, "aria-pressed": String(code === language), onclick: () => again(() => save("shop.language", code)),
  }, name)));
  count();
}

function person() {
  const customer = offers.customer();
  if (!customer) {
    const said = (event) => {
      event.preventDefault();
      const id = new FormData(event.target).get("customer").trim();
      if (id) again(() => offers.identify(id));
    };
    return el("form", { class: "person", onsubmit: said },
      el("label", { for: "customer" }, word("customer")),
      el("input", { id: "customer", name: "customer", list: "customers", autocomplete: "off", placeholder: word("customer_example", { id: shop.customers[0] ?? "c1" }) }),
      el("datalist", { id: "customers" }, ...shop.customers.map((id) => el("option", { value: id }))),
      el("button", { type: "submit" }, word("sign_in")));
  }
  const isOn = load("shop.personal", true);
  const change = (event) => {
    const status = event.target.checked ? "granted" : "denied";
    again(() => {
      save("shop.personal", event.target.checked);
      offers.track("Consent Changed", { purpose: "personalisation", status });
    });
  };
  return el("div", { class: "person" },
    el("span", {}, word("signed_in", { id: customer })),
    el("button", { type: "button", onclick: () => again(() => { save("shop.personal", true); offers.forget(); }) }, word("sign_out")),
    el("label", { title: word("personal_why") }, el("input", { type: "checkbox", role: "switch", id: "personal", checked: isOn, onchange: change }), word("personal")));
}

function shelf({ name, goods }) {
  return el("section", { class: "shelf" }, el("h3", {}, calm(name)), el("ul", {}, ...goods.map((one) => el("li", {},
    el("a", { href: address(one) }, calm(one.name)),
    el("span", { class: "muted" }, calm(one.size ?? "")),
    el("b", {}, money.format(one.price)),
    el("button", { type: "button", "aria-label": word("add_one", { product: calm(one.name) }), onclick: () => add(one) }, "+")))));
}

function slot(name, given, goods) {
  if (!given.length) return null;
  const known = name === "home" && offers.customer() && load("shop.personal", true) ? "slot_home_known" : `slot_${name}`;
  return el("section", { class: "slot", "data-placement": name, "aria-labelledby": `of-${name}` },
    el("h2", { id: `of-${name}` }, word(known, { name: threshold()?.name[language] ?? "" })),
    el("ul", { class: "cards" }, ...given.map((offer) => card(offer, goods[offer.product_ids[0]]))));
}

function card(offer, one) {
  const title = calm(offer.title);
  const node = el("li", { class: "card", "data-decision": offer.decision_id },
    el("h3", {}, one ? el("a", { href: address(one), onclick: () => click(offer, one) }, title) : title),
    el("p", { class: "muted" }, one ? [one.category, one.size].filter(Boolean).map(calm).join(" · ") : ""),
    el("p", { class: "price" }, offer.price ? money.format(offer.price) : one ? money.format(one.price) : ""),
    el("p", { class: "reason" }, offer.reasons.map((reason) => calm(reason.text)).join(language === "zh" ? "；" : "; ")),
    el("div", { class: "buttons" },
      el("button", { class: "accept", type: "button", onclick: () => accept(node, offer, one) }, offer.accept_label),
      el("button", { class: "reject", type: "button", "aria-label": `${offer.reject_label}: ${title}`, onclick: () => reject(node, offer) }, offer.reject_label)));
  offers.watch(node, offer);
  return node;
}

function line(one) {
  const name = calm(one.name);
  return el("li", {},
    el("a", { href: address(one) }, name),
    el("span", { class: "muted" }, word("each", { price: money.format(one.price) })),
    el("input", { type: "number", min: 1, max: 99, id: `quantity-${one.product_id}`, value: one.quantity, "aria-label": word("quantity", { product: name }), onchange: (event) => recount(one, Number(event.target.value)) }),
    el("b", {}, money.format(one.quantity * one.price)),
    el("button", { type: "button", "aria-label": word("remove_one", { product: name }), onclick: () => recount(one, 0) }, word("remove")));
}

function sum(products) {
  return el("p", { class: "total" }, word("total"), " ", el("b", {}, money.format(value(products))));
}

function gap(products) {
  const next = threshold();
  if (!next) return null;
  const name = next.name[language];
  const missing = next.amount - value(products);
  return el("p", { class: "gap" },
    el("span", {}, missing > 0 ? word("missing", { gap: money.format(missing), name }) : word("reached", { name })),
    el("progress", { max: next.amount, value: Math.min(value(products), next.amount), "aria-label": word("progress", { name }) }));
}

/* ---- What visitors do ---- */

function click(offer, one) {
  offers.clicked(offer);
  save("shop.from", { ...load("shop.from", {}), [one.product_id]: offer });
}

/* Where the service's words say "have a look", accepting is to add the product on its page. */
function accept(node, offer, one) {
  if (one && ["discover", "up_sell"].includes(offer.kind)) {
    click(offer, one);
    location.assign(address(one));
    return;
  }
  offers.accepted(offer);
  if (!one) return leave(node); // a message: it is understood
  add({ ...one, price: Number(offer.price ?? one.price) });
  if (view !== "cart") node.querySelector(".accept").replaceWith(el("b", { class: "done" }, word("in_cart")));
}

function reject(node, offer) {
  offers.rejected(offer);
  say("gone", { product: calm(offer.title) });
  leave(node);
}

/* Take a card away, and the slot with its last one; the keyboard goes on beside it. */
function leave(node) {
  const next = node.nextElementSibling ?? node.previousElementSibling;
  if (next) next.querySelector("a, button").focus();
  (next ? node : node.closest("section")).remove();
}

function add(one) {
  const from = load("shop.from", {});
  if (from[one.product_id]) offers.accepted(from[one.product_id]);
  delete from[one.product_id];
  save("shop.from", from);
  const there = lines().find((each) => each.product_id === one.product_id);
  offers.track("Product Added", { product_id: one.product_id, quantity: 1, price: one.price });
  put(there ? lines().map((each) => (each === there || each.product_id === one.product_id ? { ...each, quantity: each.quantity + 1 } : each)) : [...lines(), { ...one, quantity: 1 }]);
  say("added", { product: calm(one.name) });
}

function recount(one, quantity) {
  const { product_id, price } = one;
  if (!Number.isInteger(quantity) || quantity < 0 || quantity > 99) quantity = one.quantity;
  const more = quantity - one.quantity;
  if (more > 0) offers.track("Product Added", { product_id, quantity: more, price });
  if (more < 0) offers.track("Product Removed", { product_id, quantity: -more, price });
  put(lines().map((each) => (each.product_id === product_id ? { ...each, quantity } : each)).filter((each) => each.quantity));
}

function order() {
  const products = lines();
  if (!products.length) return; // clicked twice
  const done = { order_id: `web-${Date.now()}`, products };
  offers.track("Order Completed", { ...done, revenue: value(products), currency: shop.currency });
  save("shop.order", done);
  save("shop.cart", []);
  location.assign("?receipt");
}

/* ---- Odds and ends ---- */

function lines() {
  return load("shop.cart", []);
}

function put(products) {
  save("shop.cart", products);
  count();
  if (view === "cart") open();
}

function count() {
  $("count").textContent = lines().reduce((units, one) => units + one.quantity, 0);
}

function value(products) {
  return Math.round(products.reduce((total, one) => total + one.quantity * one.price, 0) * 100) / 100;
}

/* The next thing a fuller cart would bring, else the last one. */
function threshold() {
  const all = shop.thresholds.map((one) => ({ ...one, amount: Number(one.amount) })).sort((a, b) => a.amount - b.amount);
  return all.find((one) => one.amount > value(lines())) ?? all.at(-1);
}

/* Do something that changes the whole page; the service knows of it before the page is asked for again. */
async function again(what) {
  what();
  await Promise.race([offers.flush(), new Promise((done) => setTimeout(done, shop.patience_ms))]);
  location.reload();
}

function address(one) {
  return `?product=${encodeURIComponent(one.product_id)}`;
}

function word(name, values = {}) {
  return WORDS[language][name].replace(/\{(\w+)\}/g, (_, value) => values[value]);
}

function say(name, values) {
  $("status").textContent = word(name, values);
}

/* NAMES IN CAPITALS, as tills print them, in a quieter voice; a line may break after a slash. */
function calm(text) {
  return text
    .replace(/[A-Z][A-Z'’]+/g, (shout) => shout.toLowerCase())
    .replace(/^[a-z]/, (first) => first.toUpperCase())
    .replace(/(\w)&(\w)/g, "$1 & $2")
    .replace(/(\w)\/(\w)/g, "$1/\u200b$2");
}

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, given] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), given);
    else if (given !== false && given !== undefined) node.setAttribute(key, given === true ? "" : given);
  }
  node.append(...children);
  return node;
}

/* For developers: what was said, at the foot of the page. */
function heard(kind, told) {
  const parts = kind === "events"
    ? [told.error ?? word("heard_kept", told), ...told.batch.map((event) => event.event ?? event.type)]
    : told.error ? [told.error] : Object.entries(told.placements).map(([name, { outcome, cause, offers: given }]) => `${name} = ${outcome} ${cause ?? given.map((one) => one.decision_id).join(" ")}`);
  const list = $("heard");
  if (list.firstElementChild?.dataset.word) list.replaceChildren();
  list.append(el("li", {}, el("b", {}, word(`heard_${kind}`)), " ", parts.join(", ")));
}
