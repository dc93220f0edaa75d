/** A server as a person starts it, on the project of the scenarios. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const REPOSITORY = join(import.meta.dirname, "..", "..", "..", "..");
export const SCENARIOS = join(REPOSITORY, "sdk", "scenarios");
const INTERLOCK = process.env["INTERLOCK"] ?? join(REPOSITORY, ".venv", "bin", "interlock");

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function runningServer(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), "interlock-"));
  await cp(join(SCENARIOS, "project"), folder, { recursive: true });
  const child = spawn(INTERLOCK, ["up", "--port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGINT");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
