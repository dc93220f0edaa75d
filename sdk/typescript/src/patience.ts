/** How often and how long a client tries. */
export interface Patience {
  readonly attemptsMax: number;
  /** How long it waits before the second attempt; before each further one twice as long. */
  readonly firstSeconds: number;
  /** How long it waits at most. Who is told to come later than that is told so at once. */
  readonly longestSeconds: number;
  /** For how long a stream is taken up again in vain. */
  readonly awaySeconds: number;
}

export const PATIENT: Patience = { attemptsMax: 5, firstSeconds: 0.2, longestSeconds: 20, awaySeconds: 300 };

/** How long to wait after so many attempts. */
export function pauseSeconds(patience: Patience, attempt: number): number {
  return Math.min(patience.firstSeconds * 2 ** Math.min(attempt - 1, 20), patience.longestSeconds);
}
