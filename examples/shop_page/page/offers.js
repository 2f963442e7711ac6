/* Offers of a nextbest service in a page: ask what to show, and tell what became of it.
 *
 *   const offers = connect({ service: "https://offers.shop.example", key: "nb_..." });
 *   const answers = await offers.decide(["home"], { locale: "en" });
 *   offers.watch(card, answers.home.offers[0]);
 *
 * What happened waits in localStorage until the service has it on its disk: nothing is lost when the line is bad or the page is left.
 */
const QUEUE = "nextbest.events";
const WHO = "nextbest.who";
const MOST = 500; // events that wait; of more, the oldest go
const BATCH = 50; // a request that outlives its page may hold 64 KB
const SEEN_MS = 1000; // half of a card in sight for so long: it was shown
const SOON_MS = 200;
const NEVER_MS = 15000; // longest pause between two attempts

export function connect({ service, key, patience = 500, heard = () => {} }) {
  const known = { anonymous_id: newId(), ...load(WHO, {}) };
  const shown = new Set();
  let timer = null;
  let pause = SOON_MS;
  save(WHO, known);

  /* Answers by placement; nothing at all when the service is away or too slow: then show what you would show without it. */
  async function decide(placements, context = {}) {
    try {
      const told = await post("/v1/decide", {
        subject: known,
        placements: placements.map((id) => ({ id })),
        context,
        budget_ms: patience,
      }, AbortSignal.timeout(patience));
      heard("decide", told);
      return told.placements;
    } catch (error) {
      heard("decide", { error: String(error) });
      return {};
    }
  }

  /* Tell what the visitor did; resolves when it waits in the queue. */
  function track(event, properties = {}) {
    put({ type: "track", event, properties });
  }

  function put(item) {
    const { anonymous_id: anonymousId, customer_id: userId } = known;
    const event = { messageId: newId(), timestamp: new Date().toISOString(), anonymousId, userId, ...item };
    save(QUEUE, [...load(QUEUE, []), event].slice(-MOST));
    later(SOON_MS);
  }

  function later(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(flush, milliseconds);
  }

  /* Send what waits. An id that the service knows already counts as a duplicate there, so sending twice does no harm. */
  async function flush() {
    clearTimeout(timer);
    const batch = load(QUEUE, []).slice(0, BATCH);
    if (!batch.length) return;
    try {
      heard("events", { ...(await post("/v1/events", { batch, sentAt: new Date().toISOString() })), batch });
      pause = SOON_MS;
    } catch (error) {
      heard("events", { error: String(error), batch });
      if (![400, 413, 422].includes(error.status)) { // these would be refused again
        pause = Math.min(2 * pause, NEVER_MS);
        later(pause);
        return;
      }
    }
    const told = new Set(batch.map((event) => event.messageId));
    save(QUEUE, load(QUEUE, []).filter((event) => !told.has(event.messageId)));
    await flush();
  }

  async function post(route, body, signal) {
    const answer = await fetch(service + route, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      keepalive: signal === undefined, // events may outlive the page
      signal,
    });
    if (!answer.ok) throw Object.assign(new Error(`${route}: ${answer.status}`), { status: answer.status });
    return answer.json();
  }

  function about(verb, offer) {
    if (verb === "Shown" && shown.has(offer.decision_id)) return;
    if (verb !== "Shown") about("Shown", offer); // who clicked has seen
    shown.add(offer.decision_id);
    track(`Decision ${verb}`, { decision_id: offer.decision_id, offer_id: offer.offer_id });
  }

  /* Tell that an offer was shown once its card really was. */
  const timers = new WeakMap();
  const offered = new WeakMap();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(timers.get(target));
      if (isIntersecting) timers.set(target, setTimeout(() => about("Shown", offered.get(target)), SEEN_MS));
    }
  }, { threshold: 0.5 });

  function watch(card, offer) {
    offered.set(card, offer);
    watcher.observe(card);
  }

  /* The visitor says who they are: what this device did becomes theirs. */
  function identify(customerId) {
    save(WHO, Object.assign(known, { customer_id: customerId }));
    put({ type: "identify" });
  }

  /* Somebody else may use the device now. */
  function forget() {
    delete known.customer_id;
    save(WHO, Object.assign(known, { anonymous_id: newId() }));
  }

  addEventListener("online", flush);
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
  if (load(QUEUE, []).length) later(SOON_MS);

  return {
    decide, flush, forget, identify, track, watch,
    clicked: (offer) => about("Clicked", offer),
    accepted: (offer) => about("Accepted", offer),
    rejected: (offer) => about("Rejected", offer),
    page: (name) => put({ type: "page", name, properties: { path: location.pathname } }),
    customer: () => known.customer_id,
  };
}

/* 128 random bits; crypto.randomUUID is there on https and localhost only. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const memory = new Map(); // where a browser keeps nothing

export function load(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return memory.get(name) ?? otherwise;
  }
}

export function save(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // full, or not allowed
  }
}
