/** How far what is on the screen can be trusted, by how long the server has said nothing. It ticks every 5 s. */

export type Freshness = 'fresh' | 'late' | 'lost'

const LATE_MS = 7_000
const LOST_MS = 15_000

export function freshness(silentMs: number): Freshness {
  if (silentMs > LOST_MS) return 'lost'
  return silentMs > LATE_MS ? 'late' : 'fresh'
}
