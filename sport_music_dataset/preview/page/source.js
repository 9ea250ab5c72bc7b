// Where rows and their sound come from: this page, files beside it, or the server.

const data = JSON.parse($("data").textContent);

// What rows are ordered by. Those with `digits` are numbers; `wide` ones are no column of the table.
const COLUMNS = [
  { key: "session", label: "Session" },
  { key: "style", label: "Style" },
  { key: "tempo_bpm", label: "Tempo", unit: "BPM", digits: 0 },
  { key: "loudness_lufs", label: "Loudness", unit: "LUFS", digits: 1, wide: true },
  { key: "energy", label: "Energy", digits: 2 },
  { key: "fit", label: "Fit" },
  { key: "split", label: "Split", wide: true },
  { key: "distance_db", label: "Distance", unit: "dB", digits: 1 },
];

// What a query asks for by one value; of a list, for one of its values.
const CHOICES = ["split", "style", "session", "fit", "voice", "instruments", "moods", "review"];

const SEARCHED = ["chunk_id", "description", "session", "style", "title", "artist"];

// The rows that a query asks for. `Finder` in query.py finds the same rows for the server, so that a
// page of 50 rows need not fetch 100,000; a page without a server has only this.
function matching(rows, query) {
  const words = query.words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => {
    if (query.show === "misfits" && row.fit !== "no") return false;
    if (query.show === "duplicates" && !(row.copies > 1)) return false;
    if (CHOICES.some((key) => {
      const [value, wanted] = [row[key] ?? "", query[key].slice(1)];
      return query[key] !== "" && !(Array.isArray(value) ? value.includes(wanted) : value === wanted);
    })) return false;
    if (query.low !== "" && !(row.tempo_bpm >= Number(query.low))) return false;
    if (query.high !== "" && !(row.tempo_bpm <= Number(query.high))) return false;
    return words.every((word) => row.searched.includes(word));
  });
  const { sort, descending } = query;
  if (sort === "") return found;
  const sign = descending ? -1 : 1;
  return found.sort((a, b) => {
    const [one, other] = [a[sort], b[sort]];
    // What is not known comes last, either way.
    if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
    return one < other ? -sign : one > other ? sign : 0;
  });
}

function searchable(row, track) {
  const texts = [...SEARCHED.map((key) => row[key]), track?.path];
  return texts.filter(Boolean).join("\n").toLowerCase();
}

// An element behind this script, once it is there in full.
function arrived(id) {
  const look = () => {
    const element = $(id);
    return element && (element.nextElementSibling || document.readyState !== "loading")
      ? element : null;
  };
  return new Promise((resolve) => {
    if (look() || document.readyState !== "loading") resolve(look());
    else document.addEventListener("DOMContentLoaded", () => resolve(look()), { once: true });
  });
}

function blobUrl(base64, type) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type }));
}

// Rows of this page. Its sounds are blocks at its end, or files beside it.
class Local {
  constructor() {
    this.rows = data.rows;
    for (const row of this.rows) row.searched = searchable(row, data.tracks[row.track_id]);
    this.urls = [];
  }

  async query(query, offset, limit) {
    const found = matching(this.rows, query);
    return { total: found.length, rows: found.slice(offset, offset + limit) };
  }

  has(chunkId) {
    return this.rows.some((row) => row.chunk_id === chunkId);
  }

  async row(chunkId) {
    return this.rows.find((row) => row.chunk_id === chunkId);
  }

  track(trackId) {
    return data.tracks[trackId];
  }

  // [{audio, picture} of the chunk, the same of its codes], undefined where there is none
  async sounds(row) {
    if (data.mode === "files") return beside(row, data.base);
    const block = await arrived(`sound-${row.chunk_id}`);
    this.urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
    return (block ? JSON.parse(block.textContent) : []).map((pair) => {
      if (!pair) return undefined;
      const url = blobUrl(pair[0], data.types.audio);
      this.urls.push(url);
      return { audio: url, picture: `data:${data.types.picture};base64,${pair[1]}` };
    });
  }
}

function beside(row, base) {
  const files = (mark) => ({
    audio: `${base}${row.chunk_id}${mark}.webm`,
    picture: `${base}${row.chunk_id}${mark}.png`,
  });
  return [data.raw ? files("") : undefined, data.decoded ? files(".codes") : undefined];
}

// Rows of the server that this page came from, as it asks for them.
class Server {
  constructor() {
    this.tracks = {};
  }

  async get(address) {
    const { ok, status, found } = await this.ask(address);
    if (!ok) throw new Error(found.error ?? `The server says ${status}.`);
    return found;
  }

  // {ok, status, found}: what the server says, also where it refuses
  async ask(address, options) {
    const answer = await fetch(address, options).catch(() => {
      throw new Error("The server does not answer: nothing was written. Start `sportgen preview --serve` again.");
    });
    const { ok, status } = answer;
    const isJson = answer.headers.get("Content-Type") === "application/json";
    const refused = { error: status === 403 ? "The server was started again: load this page again."
      : `The server says ${status}.` };
    return { ok, status, found: isJson ? await answer.json() : refused };
  }

  post(address, body) {
    return this.ask(address, {
      method: "POST", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-Sportgen-Token": data.review.token },
    });
  }

  async query(query, offset, limit) {
    const found = await this.get(`rows?${new URLSearchParams({ ...query, offset, limit })}`);
    Object.assign(this.tracks, found.tracks);
    return found;
  }

  has() {
    return true;
  }

  async row(chunkId) {
    const found = await this.get(`rows?${new URLSearchParams({ chunk: chunkId })}`);
    Object.assign(this.tracks, found.tracks);
    return found.rows[0];
  }

  track(trackId) {
    return this.tracks[trackId];
  }

  async sounds(row) {
    return beside(row, "sound/");
  }

  async distance(row) {
    return (await this.get(`sound/${row.chunk_id}.json`)).distance_db;
  }
}

const source = data.mode === "server" ? new Server() : new Local();
