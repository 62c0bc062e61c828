/** How long to wait before the next attempt: 0.5 s doubling to 15 s, drawn from the whole of it ("full jitter"). */

const FIRST_MS = 500
const LONGEST_MS = 15_000

/**
 * @param attempt how many attempts in a row have failed, from 1.
 * @param random a draw from [0, 1): a hall of TVs must not come back in the same instant.
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1))
  return ceiling * random
}
