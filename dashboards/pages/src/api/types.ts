/** What the API answers, written from its description by tests/web/typescript.py: change the models. */

/** One account of a source. */
export interface Account {
  /** null: what names no account. */
  readonly account: string | null
  readonly state: string
  readonly shops: readonly (string)[]
  readonly newest_ts: string | null
  readonly stale_since: string | null
  readonly catching_up: boolean
}

/** One event of a conversation. */
export interface ChatMessage {
  readonly id: string
  readonly type: string
  readonly ts: string
  readonly role: string | null
  readonly kind: string | null
  readonly text: string | null
  readonly agent: string | null
  readonly account: string | null
}

/** What is stored of a conversation, by time. */
export interface Conversation {
  readonly shop: string
  readonly conversation: string
  /** Masked. */
  readonly buyer: string | null
  /** The open wait. */
  readonly wait: Wait | null
  readonly events: readonly (ChatMessage)[]
  /** Older events are left out. */
  readonly truncated: boolean
}

/** Why a wait needs no answer. */
export interface Dismissal {
  readonly reason: string
}

/** A wait that was taken off the board. */
export interface Dismissed {
  readonly id: string
  /** Id of the event that is stored for it. */
  readonly event: string
}

/** One thing in a file. */
export interface FaultTold {
  readonly file: string
  /** From 1; 0: it is about the file as a whole. */
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface HTTPValidationError {
  readonly detail?: readonly (ValidationError)[]
}

/** The loop turns. */
export interface Livez {
  readonly alive?: true
}

/** Who asks. */
export interface Me {
  readonly name: string
  readonly role: 'source' | 'viewer' | 'agent' | 'lead' | 'admin'
  /** The only ones open to them; null: all. */
  readonly shops: readonly (string)[] | null
  readonly teams: readonly (string)[] | null
  readonly demo: boolean
  readonly build: string
}

/** Refused input, newest first. */
export interface Quarantine {
  readonly entries: readonly (Refused)[]
  /** Ask with before= this for the next page; null: no more. */
  readonly next_before: number | null
}

/** Whether events can be taken now. */
export interface Ready {
  readonly ready: boolean
  readonly reasons: readonly (string)[]
  readonly build: string
}

/** One refused input. */
export interface Refused {
  readonly id: number
  readonly at: string
  readonly door: string
  readonly source: string
  readonly index: number
  readonly path: string
  readonly error: string
  readonly reason: string
  /** Bytes that were sent; the body may be less. */
  readonly length: number
  readonly sha256: string
  readonly resent_at: string | null
  /** As text; bytes that are not UTF-8 are written as \xNN. */
  readonly body: string
}

/** One event that was refused. */
export interface Rejection {
  readonly index: number
  readonly path: string
  readonly error: string
}

/** The rules in force. */
export interface RulesTold {
  /** Their hash; `built-in` where no folder is read. */
  readonly rules_version: string
  readonly folder: string | null
  /** Why it is this folder. */
  readonly why: string
  readonly since: string | null
  /** False while the files are wrong; then the last good ones hold. */
  readonly good: boolean
  readonly failed_at: string | null
  readonly errors: readonly (FaultTold)[]
  readonly warnings: readonly (FaultTold)[]
}

/** One feed of events. */
export interface Source {
  readonly name: string
  readonly state: 'ok' | 'catching_up' | 'stale'
  /** Why it is stale: account, heartbeat, silent. */
  readonly reason: string | null
  readonly last_event_at: string | null
  readonly newest_ts: string | null
  readonly lag_seconds: number
  readonly stale_since: string | null
  /** The machine it says it runs on. */
  readonly host: string | null
  readonly version: string | null
  /** What it has still to send, as its last heartbeat says. */
  readonly backlog: number | null
  readonly accounts: readonly (Account)[]
  readonly shops: readonly (string)[]
}

/** Every source that was ever heard of. */
export interface Sources {
  readonly now: string
  readonly sources: readonly (Source)[]
}

/** What became of a batch; all that was accepted is stored. */
export interface Taken {
  readonly accepted: number
  readonly duplicates: number
  readonly late: number
  readonly rejected: readonly (Rejection)[]
}

export interface ValidationError {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
  readonly input?: unknown
  readonly ctx?: Readonly<Record<string, unknown>>
}

/** A buyer who waits. */
export interface Wait {
  readonly id: string
  readonly platform: string
  readonly shop: string
  readonly conversation: string
  /** Masked. */
  readonly buyer: string
  readonly agent: string | null
  readonly account: string | null
  readonly team: string
  /** Id of the message that opened it. */
  readonly opened_by: string
  readonly opened_at: string
  /** Its first message that is more than polite; null: none. */
  readonly needs_answer_since: string | null
  /** The buyer's clock, from opened_at; it never stands still. */
  readonly wait_seconds: number
  /** What limits are held against, from needs_answer_since. */
  readonly counted_seconds: number | null
  readonly stage: string
  /** When the next limit is passed. */
  readonly next_due_at: string | null
  readonly messages: number
  readonly flags: readonly (string)[]
}

/** Open waits, the one with the least time left first. */
export interface Waits {
  readonly now: string
  /** How many there are; not all may be listed. */
  readonly total: number
  readonly waits: readonly (Wait)[]
}

/** Any error. */
export interface Wrong {
  /** What is wrong, and what to do about it. */
  readonly error: string
}
