// The table of chunks: filters above it, pages below.

const PAGE_ROWS = 100;
const FIELDS = [...CHOICES, "words", "low", "high"];
// The server measures the distance of a chunk when it is chosen: it cannot order by it.
const WORST = data.mode !== "server" && data.decoded && data.raw;
const ORDERS = COLUMNS.filter(({ key }) => key !== "distance_db" || WORST);
const SHOWN = ORDERS.filter(({ wide }) => !wide);
const PLAIN_ORDER = "";

class List {
  constructor(onchoose) {
    this.onchoose = onchoose;
    this.show = "all";
    this.sort = WORST ? "distance_db" : PLAIN_ORDER;
    this.descending = WORST;
    this.offset = 0;
    this.asked = 0;
    this.rows = [];
    this.chips = this.makeChips();
    this.makeChoices();
    this.headings = SHOWN.map((column) => this.heading(column));
    $("headings").append(make("th", { scope: "col", role: "columnheader", class: "start" },
      make("span", { class: "unseen" }, "Play")), ...this.headings);
    $("form").addEventListener("submit", (event) => event.preventDefault());
    $("form").addEventListener("input", () => this.refresh());
    $("form").addEventListener("reset", () => this.reset());
    $("before").addEventListener("click", () => this.turn(-1));
    $("after").addEventListener("click", () => this.turn(1));
    $("show-all").addEventListener("click", () => $("form").reset());
  }

  query() {
    const fields = Object.fromEntries(FIELDS.map((name) => [name, $(name).value]));
    return { show: this.show, ...fields, sort: this.sort, descending: this.descending ? 1 : "" };
  }

  // Ask again and show the first page.
  async refresh() {
    this.offset = 0;
    await this.load();
  }

  async load() {
    const asked = ++this.asked;
    const found = await source.query(this.query(), this.offset, PAGE_ROWS);
    // Answers may overtake each other.
    if (asked !== this.asked) return;
    this.rows = found.rows;
    this.total = found.total;
    this.draw();
  }

  draw() {
    $("rows").replaceChildren(...this.rows.map((row) => this.line(row)));
    $("nothing").hidden = this.total > 0;
    const of = data.mode === "server" ? data.summary.chunks : data.rows.length;
    $("count").textContent = this.total === of ? `All ${plural(of, "chunk")}`
      : `${this.total.toLocaleString("en")} of ${plural(of, "chunk")}`;
    $("pager").hidden = this.total <= PAGE_ROWS;
    $("before").disabled = this.offset === 0;
    $("after").disabled = this.offset + PAGE_ROWS >= this.total;
    $("page").textContent = `${this.offset + 1} – ${this.offset + this.rows.length}`;
    $("sort").value = `${this.sort}${this.descending ? "-" : ""}`;
    this.headings.forEach((heading, index) => {
      const sorted = SHOWN[index].key === this.sort;
      if (sorted) heading.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
    for (const [name, chip] of Object.entries(this.chips)) {
      const worst = this.show === "all" && this.sort === "distance_db" && this.descending;
      const on = name === "worst" ? worst : name === this.show && !(name === "all" && worst);
      chip.setAttribute("aria-pressed", on);
    }
    this.mark(this.chosen);
    this.ondraw?.();
  }

  line(row) {
    const play = make("button", {
      type: "button", class: "play", "aria-label": `Play ${row.session} ${row.style} ${row.chunk_id}`,
      onclick: (event) => { event.stopPropagation(); this.onchoose(row, { toggle: true }); },
    }, "▶");
    const cells = SHOWN.map((column) => make("td", {
      role: "cell", "data-label": column.label,
      class: `${column.key} ${column.digits === undefined ? "" : "number"}`,
    }, ...this.value(row, column)));
    return make("tr", { role: "row", class: verdictOf(row), "data-chunk": row.chunk_id, onclick: () => this.onchoose(row) },
      make("td", { role: "cell", class: "start" }, play), ...cells);
  }

  // Draw a row again of which something was decided.
  redraw(row) {
    const old = this.lineOf(row);
    if (!old) return;
    const hadFocus = old.contains(document.activeElement);
    const line = this.line(row);
    old.replaceWith(line);
    this.mark(this.chosen);
    if (hadFocus) line.querySelector(".choose").focus({ preventScroll: true });
  }

  value(row, { key, digits, unit }) {
    const field = key.replace("_bpm", "");
    const decided = isDecided(row, field);
    const value = decided ? counts(row, field) : row[key];
    const mark = decided ? [make("span", { class: "mark", title: `decided; built was ${row[key] ?? "none"}` }, "✎")] : [];
    if (key === "session") {
      const verdict = verdictOf(row);
      return [make("button", { type: "button", class: "choose" }, make("bdi", {}, value || "–")), ...mark,
        ...(verdict ? [make("span", { class: `tag ${verdict}` }, verdict === "drop" ? "dropped" : "kept")] : []),
        ...(row.copies > 1 ? [make("span", { class: "tag duplicate", title: "its track shares a group" }, "copy")] : []),
        make("span", { class: "at" }, clock(row.start_seconds)),
        make("p", { class: "said" }, make("bdi", {}, counts(row, "description")))];
    }
    if (key === "fit") {
      if (value === "no") return [make("span", { class: "tag misfit", title: row.fit_reason }, "misfit")];
      return [value === "yes" ? "yes" : "–"];
    }
    if (digits === undefined) return [make("bdi", {}, value || "–"), ...mark];
    return [fixed(decided ? Number(value) : value, digits), ...mark, ...(unit && value !== undefined ? [make("span", { class: "unit" }, ` ${unit}`)] : [])];
  }

  // Show which row is chosen, and bring it into view.
  mark(row, focus = false) {
    this.chosen = row;
    for (const line of this.lines()) {
      const on = line.dataset.chunk === row?.chunk_id;
      if (on) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
      if (on && focus) {
        line.querySelector(".choose").focus({ preventScroll: true });
        line.scrollIntoView({ block: "nearest" });
      }
    }
  }

  // Not the row that holds the detail on a small screen.
  lines() {
    return [...$("rows").querySelectorAll("tr[data-chunk]")];
  }

  lineOf(row) {
    return this.lines().find((line) => line.dataset.chunk === row?.chunk_id);
  }

  playing(on) {
    for (const line of this.lines()) {
      const here = on && line.hasAttribute("aria-current");
      line.querySelector(".start .play").textContent = here ? "❚❚" : "▶";
    }
  }

  // The row `step` below the chosen one, on the next page if need be.
  async beside(step) {
    const at = this.rows.findIndex((row) => row.chunk_id === this.chosen?.chunk_id);
    const next = at < 0 ? 0 : at + step;
    if (next >= 0 && next < this.rows.length) return this.rows[next];
    const turned = await this.turn(step);
    return turned ? this.rows.at(step > 0 ? 0 : -1) : undefined;
  }

  async turn(step) {
    const offset = this.offset + step * PAGE_ROWS;
    if (offset < 0 || offset >= this.total) return false;
    this.offset = offset;
    await this.load();
    return true;
  }

  async showOnly(name) {
    this.show = name === "worst" ? "all" : name;
    if (name === "worst") [this.sort, this.descending] = ["distance_db", true];
    else if (name === "all") [this.sort, this.descending] = [PLAIN_ORDER, false];
    await this.refresh();
    if (this.rows.length) this.onchoose(this.rows[0]);
  }

  reset() {
    this.show = "all";
    [this.sort, this.descending] = [WORST ? "distance_db" : PLAIN_ORDER, WORST];
    // The fields have their values after this event.
    queueMicrotask(() => setTimeout(() => this.refresh()));
  }

  heading({ key, label, digits }) {
    const button = make("button", { type: "button", title: MEANINGS[key], onclick: () => this.order(key) }, label);
    return make("th", { scope: "col", role: "columnheader", class: `${key} ${digits === undefined ? "" : "number"}` }, button);
  }

  order(key) {
    this.descending = this.sort === key ? !this.descending : key === "distance_db";
    this.sort = key;
    this.refresh();
  }

  makeChips() {
    const inPage = (test) => (data.mode === "server" ? undefined : data.rows.filter(test).length);
    const counts = {
      all: inPage(() => true) ?? data.summary.chunks,
      misfits: inPage((row) => row.fit === "no") ?? data.summary.misfits,
      duplicates: inPage((row) => row.copies > 1) ?? data.summary.duplicates,
    };
    const group = data.summary.group_by === "recording" ? "Duplicates" : "Shared groups";
    const labels = { all: "All", misfits: "Misfits", duplicates: group };
    const chips = Object.fromEntries(Object.entries(labels).map(([name, label]) => [name,
      make("button", { type: "button", class: `chip ${name}`, disabled: !counts[name],
        onclick: () => this.showOnly(name) }, label, " ",
      make("span", { class: "number" }, counts[name].toLocaleString("en")))]));
    if (WORST) {
      chips.worst = make("button", { type: "button", class: "chip worst",
        onclick: () => this.showOnly("worst") }, "Worst by codes");
    }
    $("chips").append(...Object.values(chips));
    return chips;
  }

  makeChoices() {
    const counted = { split: data.summary.splits, style: data.summary.styles,
      session: data.summary.sessions, fit: data.summary.fits, voice: data.summary.voices,
      instruments: data.summary.instruments, moods: data.summary.moods,
      review: Object.fromEntries((data.review?.marks ?? []).map((mark) => [mark, 0])) };
    for (const name of CHOICES) {
      // Nobody listened to this release, or heard nothing of the kind.
      $(name).closest("label").hidden = !Object.keys(counted[name]).length;
      // A mark before the value tells an empty one from none.
      const options = Object.entries(counted[name]).map(([value, count]) => make("option",
        { value: `=${value}` }, data.mode === "server" && count ? `${value || "none"} (${count})` : value || "none"));
      $(name).append(make("option", { value: "" }, "all"), ...options);
    }
    const orders = ORDERS.flatMap(({ key, label }) => [[key, `${label} ↑`], [`${key}-`, `${label} ↓`]]);
    $("sort").append(...[[PLAIN_ORDER, "as in the release"], ...orders].map(
      ([value, label]) => make("option", { value }, label)));
    $("sort").addEventListener("change", () => {
      const { value } = $("sort");
      [this.sort, this.descending] = [value.replace(/-$/, ""), value.endsWith("-")];
      this.refresh();
    });
  }
}
