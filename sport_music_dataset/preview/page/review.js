// Deciding about a chunk or its whole track; the server writes each decision at once.

const WHY = ["bad sound", "speech or noise", "wrong style", "wrong session", "cut at a bad place",
  "not for this set"];
const TAPS = 4;
const TAP_ENDS = 2000;
const BUILT = {
  description: (row) => row.description ?? "", style: (row) => row.style ?? "",
  session: (row) => row.session ?? "", tempo: (row) => bpm(row.tempo_bpm),
};

const bpm = (value) => (value === undefined ? "" : String(Math.round(value * 100) / 100));

// What counts for a field of a chunk: decided for it, for its track, or as built.
function counts(row, field) {
  return row.decided?.[field] ?? row.decided_track?.[field] ?? BUILT[field]?.(row) ?? "";
}

function isDecided(row, field) {
  return [row.decided, row.decided_track].some((found) => found?.[field] !== undefined);
}

function verdictOf(row) {
  return row.decided_track?.verdict === "drop" ? "drop" : counts(row, "verdict");
}

class Review {
  constructor() {
    this.whole = false;
    this.why = WHY[0];
    this.taps = [];
    this.queue = Promise.resolve();
    this.state = data.review;
    this.element = make("section", { class: "review", "aria-label": "Review" });
    this.build();
    this.tellState();
    addEventListener("focus", () => this.then(() => this.look()));
  }

  build() {
    const button = (label, key, act) => make("button", {
      type: "button", "aria-keyshortcuts": key, title: `key ${key}`, onclick: act,
    }, label);
    this.scopes = [["this chunk", false], ["whole track", true]].map(([label, whole]) => make("button", {
      type: "button", class: "chip", title: "key G", onclick: () => this.scope(whole),
    }, label));
    this.keepButton = button("Keep", "K", () => this.keep());
    this.dropButton = button("Drop …", "X", () => this.askWhy());
    this.undoButton = button("Undo", "U", () => this.undo());
    this.whyField = make("input", { list: "why", "aria-label": "Why drop it", maxlength: 200 });
    this.whyForm = make("form", { class: "why", hidden: true, onsubmit: (event) => this.drop(event) },
      make("label", {}, "Why? ", this.whyField),
      make("button", { type: "submit", class: "bad" }, "Drop it"),
      make("button", { type: "button", onclick: () => this.endWhy() }, "Not so"),
      make("datalist", { id: "why" }, ...WHY.map((value) => make("option", { value }))));
    this.fields = {
      description: this.field("description", "textarea", "E", { rows: 2, maxlength: 1000 }),
      style: this.field("style", "input", "S", { list: "styles", maxlength: 100 }),
      session: this.field("session", "input", "N", { list: "sessions", maxlength: 100 }),
      tempo: this.field("tempo", "input", "M", { type: "number", min: 30, max: 300, step: "any" }),
    };
    this.tapButton = button("Tap", "T", () => this.tap());
    this.fields.tempo.line.append(make("span", { class: "tempi" },
      button("½", "H", () => this.times(0.5)), button("× 2", "B", () => this.times(2)), this.tapButton));
    const known = (id, found) => make("datalist", { id },
      ...Object.keys(found).filter(Boolean).map((value) => make("option", { value })));
    this.told = make("p", { class: "told", role: "status" });
    this.element.append(
      make("div", { class: "verdicts" }, this.keepButton, this.dropButton, this.undoButton,
        make("span", { class: "scopes", role: "group", "aria-label": "Decide about" }, ...this.scopes)),
      this.whyForm, this.told, ...Object.values(this.fields).map(({ line }) => line),
      known("styles", data.summary.styles), known("sessions", data.summary.sessions));
  }

  field(name, tag, key, attributes) {
    const input = make(tag, { "aria-keyshortcuts": key, title: `key ${key}; Enter writes it`, ...attributes,
      onchange: () => this.edit(name), onkeydown: (event) => {
        if (event.key === "Escape") this.fill();
        if (event.key === "Enter" || event.key === "Escape") {
          event.preventDefault();
          input.blur();
        }
      } });
    const back = make("button", { type: "button", class: "back",
      onclick: () => this.decide(name, "") }, "as built");
    const label = `${name[0].toUpperCase()}${name.slice(1)}`;
    return { input, back, line: make("div", { class: "edit" }, make("label", {}, label, input), back) };
  }

  get id() {
    return this.whole ? this.row.track_id : this.row.chunk_id;
  }

  get own() {
    return (this.whole ? this.row.decided_track : this.row.decided) ?? {};
  }

  // What a field shows: of the whole track, only what the track has itself.
  shown(field) {
    if (!this.whole) return counts(this.row, field);
    const built = field === "description" ? "" : BUILT[field](source.track(this.row.track_id));
    return this.own[field] ?? built;
  }

  show(row) {
    if (row.chunk_id !== this.row?.chunk_id) {
      this.endWhy();
      this.taps = [];
      this.told.textContent = "";
    }
    this.row = row;
    this.fill();
  }

  fill() {
    this.scopes.forEach((button, index) => button.setAttribute("aria-pressed", this.whole === Boolean(index)));
    const verdict = this.own.verdict ?? "";
    this.keepButton.setAttribute("aria-pressed", verdict === "keep");
    this.dropButton.setAttribute("aria-pressed", verdict === "drop");
    for (const [name, { input, back }] of Object.entries(this.fields)) {
      input.value = this.shown(name);
      back.hidden = this.own[name] === undefined;
    }
    const chunks = source.track(this.row.track_id).chunks.length;
    this.fields.description.input.placeholder = this.whole ? `one for all ${plural(chunks, "chunk")}` : "";
    this.tapButton.textContent = this.taps.length ? `Tap ${this.taps.length}` : "Tap";
    this.tellState();
  }

  // Go to a field, from a key.
  go(name) {
    this.fields[name].input.focus();
    this.fields[name].input.select();
  }

  scope(whole) {
    this.whole = whole;
    this.fill();
  }

  keep() {
    return this.decide("verdict", this.own.verdict === "keep" ? "" : "keep");
  }

  askWhy() {
    if (this.own.verdict === "drop") return this.decide("verdict", "");
    this.whyForm.hidden = false;
    this.whyField.value = this.why;
    this.whyField.focus();
    this.whyField.select();
    return undefined;
  }

  endWhy() {
    this.whyForm.hidden = true;
  }

  drop(event) {
    event.preventDefault();
    this.why = this.whyField.value.trim() || WHY[0];
    this.endWhy();
    this.dropButton.focus();
    return this.decide("verdict", "drop", this.why);
  }

  edit(name) {
    const { input } = this.fields[name];
    const value = input.value.trim().replace(/\s+/g, " ");
    const isSame = value === this.shown(name) || (!value && this.own[name] === undefined);
    if (!input.validity.valid || isSame) return this.fill();
    return this.decide(name, value);
  }

  times(factor) {
    const now = Number(this.shown("tempo"));
    if (!now) return this.tell("There is no tempo: tap one, or type it.", true);
    return this.decide("tempo", bpm(now * factor));
  }

  tap() {
    const now = performance.now();
    if (now - (this.taps.at(-1) ?? now) > TAP_ENDS) this.taps = [];
    this.taps.push(now);
    this.tapButton.textContent = `Tap ${this.taps.length}`;
    clearTimeout(this.tapping);
    if (this.taps.length < TAPS) return;
    const value = bpm(60_000 * (this.taps.length - 1) / (now - this.taps[0]));
    this.fields.tempo.input.value = value;
    this.tapping = setTimeout(() => {
      this.taps = [];
      this.decide("tempo", value);
    }, TAP_ENDS);
  }

  // One after the other: a decision says what the last one left.
  then(act) {
    this.queue = this.queue.then(act).catch((error) => this.tell(error.message, true));
    return this.queue;
  }

  decide(field, after, reason = "") {
    const { id } = this;
    return this.then(async () => {
      const own = this.decidedOf(id);
      const answer = await source.post("decide", { id, field, after, seen: own[field] ?? "", reason });
      if (!answer.ok) return this.refused(answer);
      this.state = answer.found;
      this.put(id, field, after, reason);
      return this.tell(after ? `Written: ${field} ${after}${reason ? ` (${reason})` : ""}` : `Written: ${field} as built`);
    });
  }

  decidedOf(id) {
    const row = this.rows().find((one) => id === one.chunk_id || id === one.track_id);
    return (id === row?.track_id ? row?.decided_track : row?.decided) ?? {};
  }

  rows() {
    return [...new Set([this.row, ...list.rows])].filter(Boolean);
  }

  put(id, field, after, reason) {
    for (const row of this.rows()) {
      const found = id === row.chunk_id ? row.decided : id === row.track_id ? row.decided_track : undefined;
      if (!found) continue;
      if (after) found[field] = after;
      else delete found[field];
      if (field === "verdict") found.reason = reason;
      list.redraw(row);
    }
    detail.again();
  }

  undo() {
    return this.then(async () => {
      const { undo } = this.state;
      if (!undo) return this.tell("There is nothing to take back.");
      const answer = await source.post("undo", { seen: this.state.lines });
      if (!answer.ok) return this.refused(answer);
      this.state = answer.found;
      await this.reload(undo.id);
      return this.tell(`Taken back: ${undo.field} ${undo.value}`);
    });
  }

  async refused({ status, found }) {
    if (status === 409) {
      this.state = found.review;
      await this.reload();
    } else this.fill();
    this.tell(found.error, true);
  }

  // Somebody else may have decided while this page was behind another.
  async look() {
    const state = await source.get("review");
    const isNew = state.lines !== this.state.lines;
    this.state = state;
    if (isNew) await this.reload();
    this.tellState();
  }

  async reload(chosen = this.row?.chunk_id) {
    await list.load();
    const row = (chosen?.includes("-") && await source.row(chosen))
      || (this.row && await source.row(this.row.chunk_id));
    if (row) await choose(list.rows.find((one) => one.chunk_id === row.chunk_id) ?? row);
  }

  tell(text, isBad = false) {
    this.told.textContent = text;
    this.told.classList.toggle("problem", isBad);
    this.tellState();
  }

  tellState() {
    const { unbuilt, rebuilt, undo, lines, file, gone } = this.state;
    this.undoButton.disabled = !undo;
    this.undoButton.title = undo ? `key U: takes back ${undo.field} ${undo.value}` : "nothing to take back";
    $("review-state").textContent = rebuilt
      ? "The release was built again: start `sportgen preview --serve` again to see it."
      : unbuilt ? `${plural(unbuilt, "decision")} in ${file} not built yet: \`sportgen build\` follows them.`
        : lines ? `The release follows all that ${file} says.` : "Nobody has reviewed this release yet.";
    $("gone").hidden = !gone.length;
    $("gone-count").textContent = gone.length.toLocaleString("en");
    $("gone-list").replaceChildren(...gone.map((one) => make("li", {},
      make("code", {}, one.id), " ", make("bdi", {}, [one.file, one.seconds, one.reason].filter(Boolean).join(", ")),
      " ", make("button", { type: "button", onclick: () => this.bringBack(one.id) }, "Take back"))));
  }

  bringBack(id) {
    return this.then(async () => {
      const answer = await source.post("decide", { id, field: "verdict", after: "", seen: "drop", reason: "" });
      if (!answer.ok) return this.refused(answer);
      this.state = answer.found;
      return this.tell("Taken back: the next build has it again.");
    });
  }
}
