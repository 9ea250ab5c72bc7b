// The chosen chunk: heard, seen, described, measured, and where it lies.

const players = {
  chunk: new Player("the chunk", "as in raw"),
  codes: new Player("its codes", data.summary.encoding?.nano ? "of nano, not MusicGen's"
    : "what the model learns from"),
};
players.chunk.other = players.codes;
players.codes.other = players.chunk;
for (const player of Object.values(players)) player.onstart = () => player.other.audio.pause();

// The player that the keys reach: the one that plays, or was the last to.
const keyed = () => (players.codes.element.hidden ? players.chunk
  : players.chunk.element.hidden || players.codes.playing || players.codes.last
    ? players.codes : players.chunk);

for (const player of Object.values(players)) {
  player.audio.addEventListener("play", () => {
    player.last = true;
    player.other.last = false;
  });
}

function switchPlayers() {
  const now = keyed();
  if (now.other.element.hidden) return;
  now.audio.pause();
  now.other.play(now.audio.currentTime);
}

class Detail {
  constructor(onchoose) {
    this.onchoose = onchoose;
    this.element = $("detail");
    this.top = make("div");
    this.rest = make("div");
    this.distance = make("p", { class: "distance" });
    this.element.append(
      make("div", { class: "card" }, this.top, players.chunk.element, players.codes.element,
        this.distance, this.rest));
    [this.distanceTerm, this.distanceMeaning] = explained("Distance", "distance_db");
  }

  async show(row) {
    this.row = row;
    const track = source.track(row.track_id);
    this.top.replaceChildren(...headline(row, track), ...(review ? [review.element] : []), description(row));
    review?.show(row);
    this.rest.replaceChildren(measures(row), place(row, track, this.onchoose),
      origin(row, track));
    this.tell(row.distance_db);
    const sounds = await source.sounds(row);
    if (this.row !== row) return;
    players.chunk.load(sounds[0]);
    players.codes.load(sounds[1]);
    if (sounds[1] && source.distance) this.ask(row);
  }

  // The same chunk, of which something was decided; its sound goes on.
  again() {
    if (!this.row) return;
    const track = source.track(this.row.track_id);
    const focused = document.activeElement;
    this.top.replaceChildren(...headline(this.row, track), review.element, description(this.row));
    review.show(this.row);
    if (review.element.contains(focused)) focused.focus();
  }

  async ask(row) {
    const distance = await source.distance(row);
    if (this.row === row) this.tell(distance ?? undefined);
  }

  tell(distance) {
    this.distance.hidden = distance === undefined;
    this.distance.replaceChildren(this.distanceTerm, " ", make("strong", {}, `${fixed(distance, 1)} dB`),
      " from chunk to codes", this.distanceMeaning);
  }
}

function headline(row, track) {
  const parts = [
    make("h2", {}, make("bdi", {}, counts(row, "session") || "no session"), make("span", { class: "dot" }, "·"),
      make("bdi", {}, counts(row, "style") || "no style")),
    make("p", { class: "id" }, `${row.split} · `, make("code", {}, row.chunk_id)),
  ];
  const verdict = verdictOf(row);
  if (verdict) {
    const why = row.decided?.reason || row.decided_track?.reason;
    parts.push(make("p", { class: `banner ${verdict}` }, make("strong", {}, verdict === "drop" ? "Dropped" : "Kept"),
      verdict === "drop" && why ? make("bdi", {}, `: ${why}`) : ""));
  }
  if (row.fit === "no") {
    parts.push(make("p", { class: "banner misfit" }, make("strong", {}, "Misfit: "),
      make("bdi", {}, row.fit_reason || "it does not suit its session"), ...reasonFigure(row)));
  }
  if (row.copies > 1) {
    const others = track.others.map((path) => make("li", {}, make("bdi", {}, path)));
    parts.push(make("div", { class: "banner duplicate" },
      make("p", {}, make("strong", {}, data.summary.group_by === "recording" ? "Duplicate: " : "Group: "),
        "its track is kept together with"), make("ul", {}, ...others)));
  }
  return parts;
}

// The measure that does not fit, against what the session wants.
function reasonFigure(row) {
  const session = data.sessions[row.session];
  const drawn = row.fit_reason?.startsWith("energy") ? energyGauge(row, session) : tempoGauge(row, session);
  return drawn ? [drawn] : [];
}

function description(row) {
  const tokens = row.tokens;
  const parts = [make("h3", { class: "unseen" }, "Description"),
    make("p", { class: "description" }, make("bdi", {}, counts(row, "description") || "none"))];
  if (counts(row, "description") !== (row.description ?? "")) {
    parts.push(make("p", { class: "small" }, "as built: ", make("bdi", {}, row.description || "none")));
  }
  if (!tokens) return make("section", {}, ...parts);
  const kept = tokens.kept.map(([piece, id]) => make("span", { class: "token", title: `id ${id}` }, piece));
  const cut = tokens.cut.map((piece) => make("span", { class: "token" }, piece));
  parts.push(make("p", { class: "tokens" },
    make("span", { class: "small" }, `T5 sees ${plural(tokens.kept.length, "token")}: `), ...kept,
    ...(cut.length ? [make("span", { class: "unseen" }, " cut off: "), make("s", {}, ...cut)] : [])));
  if (cut.length) parts.push(make("p", { class: "small" }, `${plural(cut.length, "token")} cut off`));
  if (!tokens.of_it) parts.push(make("p", { class: "small" }, "They are not of this description."));
  return make("section", {}, ...parts);
}

function measures(row) {
  const session = data.sessions[row.session];
  const sure = (value) => (value === undefined ? "" : `, ${percent(value)} sure`);
  const list = make("dl", { class: "measures" });
  const add = (name, key, text, figure) => {
    const [term, meaning] = explained(name, key);
    list.append(make("div", {}, make("dt", {}, term),
      make("dd", {}, make("bdi", {}, text), ...(figure ? [figure] : []), meaning)));
  };
  if (row.tempo_bpm !== undefined) {
    const or = row.tempo_alternative_bpm;
    add("Tempo", "tempo_bpm", `${fixed(row.tempo_bpm, 1)} BPM${sure(row.tempo_confidence)}`
      + (or === undefined ? "" : `; or ${fixed(or, 1)}`), tempoGauge(row, session));
  }
  if (row.energy !== undefined) add("Energy", "energy", fixed(row.energy, 2), energyGauge(row, session));
  if (row.key) add("Key", "key", row.key + sure(row.key_confidence));
  if (row.loudness_lufs !== undefined) {
    add("Loudness", "loudness_lufs", `${fixed(row.loudness_lufs, 1)} LUFS, range ${fixed(row.dynamic_range_db, 1)} dB`);
  }
  if (row.silence_ratio) add("Silence", "silence_ratio", percent(row.silence_ratio));
  if (row.clipping_ratio) add("Clipping", "clipping_ratio", percent(row.clipping_ratio));
  if (row.vocals !== undefined) add("Voice", "vocals", `${percent(row.vocals)} likely`);
  for (const [key, name] of [["instruments", "Instruments"], ["moods", "Moods"]]) {
    const words = row[key]?.map((word, index) => `${word} ${percent(row[`${key}_confidence`]?.[index])}`);
    if (words) add(name, "heard", words.join(", "));
  }
  if (row.heard_style) add("Heard style", "heard", row.heard_style + sure(row.heard_style_confidence));
  if (row.arc) add("In the arc", "arc", row.arc);
  const fits = { yes: "suits its session", no: "does not suit it" };
  add("Fit", "fit", (fits[row.fit] ?? "not known") + (row.fit_reason ? `: ${row.fit_reason}` : ""));
  return make("section", {}, make("h3", {}, "Measures"), list);
}

function place(row, track, onchoose) {
  const here = track.chunks.indexOf(row.chunk_id);
  const end = row.start_seconds + data.summary.chunk_seconds;
  const go = (index, label) => {
    const id = track.chunks[index];
    const there = id !== undefined && source.has(id);
    return make("button", {
      type: "button", disabled: !there, title: id && !there ? "not in this sample" : undefined,
      onclick: () => onchoose(id),
    }, label);
  };
  return make("section", {}, make("h3", {}, "In its track"), trackFigure(row, track),
    make("p", { class: "where" }, go(here - 1, "‹ before"),
      make("span", {}, `${clock(row.start_seconds)} – ${clock(end)} of ${clock(track.duration_seconds ?? end)}`),
      go(here + 1, "after ›")));
}

function origin(row, track) {
  const list = make("dl", { class: "measures" });
  const told = {
    Title: row.title, Artist: row.artist, Album: track.album, Licence: track.license,
    From: track.source_url, File: track.path,
  };
  for (const [name, text] of Object.entries(told)) {
    if (text) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, make("bdi", {}, text))));
  }
  return make("section", {}, make("h3", {}, "Source"), list);
}
