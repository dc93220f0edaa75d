/** A server that is a list of answers: what is sent to it is kept, and nothing leaves the process. */
export type Said = Response | TypeError;

/** A `fetch` that answers from a list, and what it was asked. */
export function scripted(...answers: Said[]): { fetch: typeof fetch; asked: Request[] } {
  const asked: Request[] = [];
  const fetch = (address: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    asked.push(new Request(address, init));
    const said = answers.shift() ?? new TypeError("the script is over");
    return said instanceof Response ? Promise.resolve(said) : Promise.reject(said);
  };
  return { fetch, asked };
}

export function answered(data: unknown, status = 200): Response {
  return Response.json(data, { status });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const body = { type: "", title: "", status, code, detail: "no", request: "r1" };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** How a connection fails before anything was sent, and after. */
export function failed(code: "ECONNREFUSED" | "UND_ERR_SOCKET"): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

export function streamOf(...pieces: string[]): Response {
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}
