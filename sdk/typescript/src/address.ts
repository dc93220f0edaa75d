/** Where a server is and with which key it is asked: from options, else from the environment, where there is one. */
import { ClientError } from "./errors.js";

/** Where `interlock up` serves on this machine. */
const LOCAL_URL = "http://127.0.0.1:8000";

/** The address that is meant. Throws `ClientError` where there is none. */
export function addressOf(url: string | undefined, key: string | undefined): { url: string; key: string } {
  const meant = (url ?? (fromEnvironment("INTERLOCK_URL") || LOCAL_URL)).replace(/\/+$/, "");
  if (!isAddress(meant)) {
    throw new ClientError(`${JSON.stringify(meant)} is not the address of a server`, {
      code: "invalid_address",
      advice: "write it as https://interlock.example.com, as an option or in INTERLOCK_URL",
    });
  }
  const given = key ?? fromEnvironment("INTERLOCK_KEY");
  if (!/^[\x21-\x7e]*$/.test(given)) {
    throw new ClientError("the key is no key", {
      code: "invalid_key",
      advice: "see INTERLOCK_KEY: keys begin with ilk_",
    });
  }
  return { url: meant, key: given };
}

function isAddress(meant: string): boolean {
  if (!URL.canParse(meant)) return false;
  const { protocol, search, hash, username } = new URL(meant);
  return (protocol === "http:" || protocol === "https:") && !search && !hash && !username;
}

/** A browser has no environment. */
function fromEnvironment(name: string): string {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] ?? "";
}
