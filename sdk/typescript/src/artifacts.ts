/** Files that are kept under their digests, and those in the workspaces of runs. All are held whole. */
import type { Abortable, Exchange } from "./exchange.js";
import type { Artifact, ArtifactPage, RunFile, RunFilePage } from "./openapi.js";
import { fetchFile, idOf, look, remove, type RunLike, upload } from "./requests.js";

const PAGE = 100;

export class Artifacts {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** What is kept, in the order of digests. */
  list({ signal }: Abortable = {}): AsyncGenerator<Artifact, undefined> {
    return this.#exchange.pages<ArtifactPage, Artifact>(
      (before) => look(["artifacts"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.artifacts,
      signal,
    );
  }

  /** Keep a file under the SHA-256 of its bytes: inputs of runs name it by that. */
  upload(
    content: Uint8Array<ArrayBuffer>,
    { type = "application/octet-stream", signal }: { type?: string } & Abortable = {},
  ): Promise<Artifact> {
    return this.#exchange.make(upload<Artifact>(["artifacts"], content, type), signal);
  }

  /** The bytes of an artifact. */
  download(digest: string, { signal }: Abortable = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#exchange.make(fetchFile(["artifacts", digest]), signal);
  }

  /** Give an artifact up. One that a run on record was started with stays. */
  async giveUp(digest: string, { signal }: Abortable = {}): Promise<void> {
    await this.#exchange.make({ ...remove<unknown>(["artifacts", digest]), isFile: true }, signal);
  }

  /** The files that a run has in its workspace. */
  ofRun(run: RunLike, { signal }: Abortable = {}): AsyncGenerator<RunFile, undefined> {
    return this.#exchange.pages<RunFilePage, RunFile>(
      (before) => look(["runs", idOf(run), "artifacts"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.files,
      signal,
    );
  }

  /** One file of a run's workspace. */
  read(run: RunLike, path: string, { signal }: Abortable = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#exchange.make(fetchFile(["runs", idOf(run), "artifacts", ...path.split("/")]), signal);
  }
}
