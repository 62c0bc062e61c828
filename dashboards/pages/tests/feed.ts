/** Frames as the server writes them, with only what a test cares about said. */

export const NOON = '2026-11-23T12:00:00.000Z'
export const NOON_MS = Date.parse(NOON)

export function at(secondsAfterNoon: number): string {
  return new Date(NOON_MS + secondsAfterNoon * 1000).toISOString()
}

export function row(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id,
    platform: 'taobao',
    shop: 'senye',
    conversation: `c-${id}`,
    buyer: '张*',
    // Each wait has an agent of its own unless a test says otherwise: a row is an agent.
    agent: `lin-${id}`,
    account: 'senye:lin',
    team: 'default',
    opened_at: NOON,
    waiting_since: NOON,
    stages: [
      ['slow', 60],
      ['at_risk', 180],
      ['lost', 300],
    ],
    stood_seconds: 0,
    standing_since: null,
    messages: 1,
    flags: [],
    ...more,
  }
}

export function counts(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    waits_open: { fresh: 0, slow: 0, at_risk: 0, lost: 0 },
    bot_held: 0,
    courtesy: 0,
    promises_open: 0,
    answered_today: 0,
    shops: 1,
    last_event_at: NOON,
    store_ok: true,
    deliveries_failed: 0,
    ...more,
  }
}

export function snapshot(
  waits: readonly Record<string, unknown>[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    type: 'snapshot',
    v: 1,
    epoch: 'k3f9',
    seq: 0,
    now: NOON,
    build: '0.1.0+a',
    demo: false,
    waits,
    counts: counts(),
    sources: [],
    truncated: 0,
    ...more,
  }
}

export function delta(seq: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'delta', seq, now: NOON, up: [], gone: [], ...more }
}
