/** Server-sent events, as the HTML standard has them: text as it arrives goes in, whole events come out. */

/** One event. Its id is that of the one before, if it has none of its own. */
export interface Frame {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** A line with its end. A carriage return that is the last character may be half of one. */
const LINE = /([^\r\n]*)(?:\r\n|\n|\r(?!$))/gy;

/** One stream that is read. An event of which the end has not arrived is never told. */
export class FrameReader {
  #rest = "";
  #type = "";
  #data: string[] = [];
  #id: string;
  /** With what a stream goes on that breaks off here. */
  lastId: string;

  constructor(lastId = "") {
    this.#id = this.lastId = lastId;
  }

  /** The events that are whole with this text. */
  feed(chunk: string): Frame[] {
    const text = this.#rest + chunk;
    const frames: Frame[] = [];
    let end = 0;
    for (const found of text.matchAll(LINE)) {
      end = found.index + found[0].length;
      const frame = this.#take(found[1] ?? "");
      if (frame) frames.push(frame);
    }
    this.#rest = text.slice(end);
    return frames;
  }

  #take(line: string): Frame | undefined {
    if (line === "") return this.#finish();
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "data") this.#data.push(value);
    if (name === "event") this.#type = value;
    if (name === "id" && !value.includes("\0")) this.#id = value;
    return undefined; // anything else is a comment, such as a heartbeat, or what the standard leaves open
  }

  #finish(): Frame | undefined {
    const frame = { id: this.#id, type: this.#type || "message", data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.lastId = this.#id;
    this.#type = "";
    this.#data = [];
    return isEmpty ? undefined : frame;
  }
}
