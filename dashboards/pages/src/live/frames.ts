/**
 * The frames of `/v1/live`, read once at the edge: instants become milliseconds, names become ours.
 *
 * The server is our own, but a page outlives a release: what it does not know it leaves out, and what it cannot
 * read is an `Unreadable`, never half a board.
 */

export class Unreadable extends Error {}

/** A limit of a wait: past `afterMs` of counted time it is in stage `name`. */
export interface Limit {
  readonly name: string
  readonly afterMs: number
}

export interface Wait {
  readonly id: string
  readonly platform: string
  readonly shop: string
  readonly conversation: string
  /** Masked by the server. */
  readonly buyer: string
  readonly agent: string | null
  readonly account: string | null
  /** Whose it is, by the name in the list of agents; null: nobody's. */
  readonly person: string | null
  readonly team: string | null
  /** Since when an answer is needed; null while the buyer was only polite. */
  readonly sinceMs: number | null
  readonly limits: readonly Limit[]
  /** How long the counted clock stood still so far. */
  readonly stoodMs: number
  /** Since when the counted clock stands still, null while it runs. */
  readonly standingSinceMs: number | null
  readonly messages: number
  readonly flags: readonly string[]
  /** What people were told of it and did about it; null: nothing so far. */
  readonly alert: WaitAlert | null
  /** What is asked, in a word; null: not known. */
  readonly intent: string | null
  /** Since when its source has been silent, where the service can tell. */
  readonly staleSinceMs: number | null
}

export interface WaitAlert {
  readonly claimedBy: string | null
  readonly mutedUntilMs: number | null
  /** Nothing more is told of it. */
  readonly stopped: boolean
  readonly told: readonly ToldStep[]
}

export interface ToldStep {
  readonly step: string
  readonly to: string
  readonly atMs: number | null
}

/** The day so far. A figure nobody gives is null and shown as a dash, never as 0. */
export interface Day {
  readonly received: number | null
  readonly firstReplySeconds: number | null
  readonly meanReplySeconds: number | null
  readonly missed: number | null
  /** How many more may miss today with the targets still met; null: none is set. */
  readonly mayMiss: number | null
  /** How many shops have a target, and how many have lost it for today. */
  readonly targets: number
  readonly targetsLost: number
  /** Of the only shop with a target. */
  readonly rate: number | null
  readonly target: number | null
}

/** Who is there. */
export interface Staff {
  readonly online: number
  readonly away: number
  readonly full: number
  /** Null: no roster says. */
  readonly expected: number | null
}

export interface Agent {
  readonly agent: string
  readonly name: string | null
  readonly seat: string | null
  readonly team: string | null
  readonly state: string
  /** Conversations active in the last ten minutes, over all shops. */
  readonly open: number | null
  readonly limit: number | null
}

export interface Notify {
  /** Ways by which people are told; null: not said. */
  readonly channels: number | null
  readonly failed: number
  readonly pending: number
}

export interface Counts {
  readonly waitsOpen: ReadonlyMap<string, number>
  readonly botHeld: number
  readonly courtesy: number
  readonly promisesOpen: number
  /** Null when nothing was ever received. */
  readonly lastEventAtMs: number | null
  readonly storeOk: boolean
  readonly notify: Notify
  readonly day: Day
  /** Null: nothing tells who is there. */
  readonly staff: Staff | null
}

export type SourceState = 'ok' | 'catching_up' | 'stale'

export interface Source {
  readonly name: string
  readonly state: SourceState
  readonly lagSeconds: number | null
  /** Accounts that are not logged in: what comes by them is unseen. */
  readonly accountsOut: number
  readonly reason: string | null
}

export interface Snapshot {
  readonly type: 'snapshot'
  readonly epoch: string
  readonly seq: number
  readonly nowMs: number
  readonly build: string
  readonly demo: boolean
  readonly waits: readonly Wait[]
  readonly counts: Counts
  readonly sources: readonly Source[]
  readonly agents: readonly Agent[]
  /** How many waits the server left out. */
  readonly truncated: number
}

export interface Delta {
  readonly type: 'delta'
  readonly seq: number
  readonly nowMs: number
  readonly up: readonly Wait[]
  readonly gone: readonly string[]
  /** Null: as before. */
  readonly counts: Counts | null
  readonly sources: readonly Source[] | null
  readonly agents: readonly Agent[] | null
  readonly truncated: number | null
}

export interface Tick {
  readonly type: 'tick'
  readonly seq: number
  readonly nowMs: number
}

export interface Pong {
  readonly type: 'pong'
  readonly t: number
  readonly nowMs: number
}

export interface Bye {
  readonly type: 'bye'
  readonly retrySeconds: number
}

export type Frame = Snapshot | Delta | Tick | Pong | Bye

/**
 * Read one text frame.
 *
 * @returns the frame, or null for a type this page does not know (a newer server may add some).
 * @throws Unreadable when it is no frame.
 */
export function readFrame(text: string): Frame | null {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw new Unreadable('not JSON')
  }
  const o = asObject(raw, 'frame')
  switch (o['type']) {
    case 'snapshot':
      if (o['v'] !== 1) throw new Unreadable('another version of the feed')
      return {
        type: 'snapshot',
        epoch: asText(o['epoch'], 'epoch'),
        seq: asNumber(o['seq'], 'seq'),
        nowMs: asInstant(o['now'], 'now'),
        build: asText(o['build'], 'build'),
        demo: o['demo'] === true,
        waits: asList(o['waits'], 'waits').map(readWait),
        counts: readCounts(o['counts']),
        sources: asList(o['sources'], 'sources').map(readSource),
        agents: asList(o['agents'] ?? [], 'agents').map(readAgent),
        truncated: asNumber(o['truncated'] ?? 0, 'truncated'),
      }
    case 'delta':
      return {
        type: 'delta',
        seq: asNumber(o['seq'], 'seq'),
        nowMs: asInstant(o['now'], 'now'),
        up: asList(o['up'] ?? [], 'up').map(readWait),
        gone: asList(o['gone'] ?? [], 'gone').map((g) => asText(asObject(g, 'gone')['id'], 'gone.id')),
        counts: o['counts'] == null ? null : readCounts(o['counts']),
        sources: o['sources'] == null ? null : asList(o['sources'], 'sources').map(readSource),
        agents: o['agents'] == null ? null : asList(o['agents'], 'agents').map(readAgent),
        truncated: o['truncated'] == null ? null : asNumber(o['truncated'], 'truncated'),
      }
    case 'tick':
      return { type: 'tick', seq: asNumber(o['seq'], 'seq'), nowMs: asInstant(o['now'], 'now') }
    case 'pong':
      return { type: 'pong', t: asNumber(o['t'], 't'), nowMs: asInstant(o['now'], 'now') }
    case 'bye':
      return { type: 'bye', retrySeconds: asNumber(o['retry_seconds'] ?? 0, 'retry_seconds') }
    default:
      return null
  }
}

function readWait(raw: unknown): Wait {
  const o = asObject(raw, 'wait')
  return {
    id: asText(o['id'], 'id'),
    platform: asText(o['platform'], 'platform'),
    shop: asText(o['shop'], 'shop'),
    conversation: asText(o['conversation'] ?? '', 'conversation'),
    buyer: asText(o['buyer'] ?? '', 'buyer'),
    agent: asTextOrNull(o['agent'], 'agent'),
    account: asTextOrNull(o['account'], 'account'),
    person: asTextOrNull(o['person'] ?? o['agent'], 'person'),
    team: asTextOrNull(o['team'], 'team'),
    sinceMs: asInstantOrNull(o['waiting_since'], 'waiting_since'),
    limits: asList(o['stages'], 'stages').map(readLimit),
    stoodMs: asNumber(o['stood_seconds'] ?? 0, 'stood_seconds') * 1000,
    standingSinceMs: asInstantOrNull(o['standing_since'], 'standing_since'),
    messages: asNumber(o['messages'] ?? 1, 'messages'),
    flags: asList(o['flags'] ?? [], 'flags').map((f) => asText(f, 'flag')),
    alert: o['alert'] == null ? null : readAlert(o['alert']),
    intent: asTextOrNull(o['intent'], 'intent'),
    staleSinceMs: asInstantOrNull(o['stale_since'], 'stale_since'),
  }
}

function readAlert(raw: unknown): WaitAlert {
  const o = asObject(raw, 'alert')
  return {
    claimedBy: asTextOrNull(o['claimed_by'], 'claimed_by'),
    mutedUntilMs: asInstantOrNull(o['muted_until'], 'muted_until'),
    stopped: o['stopped'] === true,
    told: asList(o['told'] ?? [], 'told').map(readTold),
  }
}

function readTold(raw: unknown): ToldStep {
  const o = asObject(raw, 'told')
  return {
    step: asText(o['step'], 'step'),
    to: asText(o['to'], 'to'),
    atMs: asInstantOrNull(o['decided_at'], 'decided_at'),
  }
}

function readLimit(raw: unknown): Limit {
  const [name, seconds] = asList(raw, 'stage')
  return { name: asText(name, 'stage'), afterMs: asNumber(seconds, 'stage') * 1000 }
}

function readCounts(raw: unknown): Counts {
  const o = asObject(raw, 'counts')
  const waitsOpen = new Map<string, number>()
  for (const [stage, n] of Object.entries(asObject(o['waits_open'] ?? {}, 'waits_open'))) {
    waitsOpen.set(stage, asNumber(n, 'waits_open'))
  }
  return {
    waitsOpen,
    botHeld: asNumber(o['bot_held'] ?? 0, 'bot_held'),
    courtesy: asNumber(o['courtesy'] ?? 0, 'courtesy'),
    promisesOpen: asNumber(o['promises_open'] ?? 0, 'promises_open'),
    lastEventAtMs: asInstantOrNull(o['last_event_at'], 'last_event_at'),
    storeOk: o['store_ok'] !== false,
    notify: {
      channels: asNumberOrNull(o['channels'], 'channels'),
      failed: asNumber(o['deliveries_failed'] ?? 0, 'deliveries_failed'),
      pending: asNumber(o['deliveries_pending'] ?? 0, 'deliveries_pending'),
    },
    day: readDay(o['day'] ?? {}),
    staff: o['staff'] == null ? null : readStaff(o['staff']),
  }
}

function readDay(raw: unknown): Day {
  const o = asObject(raw, 'day')
  return {
    received: asNumberOrNull(o['received'], 'received'),
    firstReplySeconds: asNumberOrNull(o['first_reply_seconds'], 'first_reply_seconds'),
    meanReplySeconds: asNumberOrNull(o['mean_reply_seconds'], 'mean_reply_seconds'),
    missed: asNumberOrNull(o['missed'], 'missed'),
    mayMiss: asNumberOrNull(o['may_miss'], 'may_miss'),
    targets: asNumber(o['targets'] ?? 0, 'targets'),
    targetsLost: asNumber(o['targets_lost'] ?? 0, 'targets_lost'),
    rate: asNumberOrNull(o['rate'], 'rate'),
    target: asNumberOrNull(o['target'], 'target'),
  }
}

function readStaff(raw: unknown): Staff {
  const o = asObject(raw, 'staff')
  return {
    online: asNumber(o['online'], 'online'),
    away: asNumber(o['away'], 'away'),
    full: asNumber(o['full'] ?? 0, 'full'),
    expected: asNumberOrNull(o['expected'], 'expected'),
  }
}

function readAgent(raw: unknown): Agent {
  const o = asObject(raw, 'agent')
  return {
    agent: asText(o['agent'], 'agent'),
    name: asTextOrNull(o['name'], 'name'),
    seat: asTextOrNull(o['seat'], 'seat'),
    team: asTextOrNull(o['team'], 'team'),
    state: asText(o['state'] ?? 'unknown', 'state'),
    open: asNumberOrNull(o['open'], 'open'),
    limit: asNumberOrNull(o['limit'], 'limit'),
  }
}

function readSource(raw: unknown): Source {
  const o = asObject(raw, 'source')
  const state = o['state']
  return {
    name: asText(o['name'], 'name'),
    // A state this page does not know is not shown as a healthy one.
    state: state === 'ok' || state === 'catching_up' ? state : 'stale',
    accountsOut: asNumber(o['accounts_out'] ?? 0, 'accounts_out'),
    lagSeconds: o['lag_seconds'] == null ? null : asNumber(o['lag_seconds'], 'lag_seconds'),
    reason: asTextOrNull(o['reason'], 'reason'),
  }
}

function asObject(raw: unknown, where: string): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new Unreadable(`${where}: no object`)
  return raw as Record<string, unknown>
}

function asList(raw: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(raw)) throw new Unreadable(`${where}: no list`)
  return raw
}

function asText(raw: unknown, where: string): string {
  if (typeof raw !== 'string') throw new Unreadable(`${where}: no text`)
  return raw
}

function asTextOrNull(raw: unknown, where: string): string | null {
  return raw == null || raw === '' ? null : asText(raw, where)
}

function asNumber(raw: unknown, where: string): number {
  if (typeof raw !== 'number' || !Number.isFinite(raw)) throw new Unreadable(`${where}: no number`)
  return raw
}

function asNumberOrNull(raw: unknown, where: string): number | null {
  return raw == null ? null : asNumber(raw, where)
}

function asInstant(raw: unknown, where: string): number {
  const ms = Date.parse(asText(raw, where))
  if (Number.isNaN(ms)) throw new Unreadable(`${where}: no instant`)
  return ms
}

function asInstantOrNull(raw: unknown, where: string): number | null {
  return raw == null ? null : asInstant(raw, where)
}
