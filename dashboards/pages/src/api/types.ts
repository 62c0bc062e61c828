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
  /** Stretches it did not see, and nothing has filled. */
  readonly open_gaps: number
}

/** Something that was done to an alert. */
export interface Act {
  readonly at: string
  /** Who; empty: the program. */
  readonly by: string
  readonly what: string
  readonly detail: string
}

/** One thing that somebody did. */
export interface ActTold {
  readonly number: number
  readonly at: string
  /** The name of the token, or of who used a link; `local` where no token was ever made. */
  readonly by: string
  /** claim, release, resolve, mute, dismiss, silence, end_silence, receive */
  readonly what: string
  readonly shop: string | null
  /** The alert, wait, silence or hand-over it was done to. */
  readonly about: string
  /** What is silenced; null: it is no silence. */
  readonly matchers: Readonly<Record<string, string>> | null
  /** That was given; empty: none. */
  readonly reason: string
  readonly until: string | null
}

/** Which further alerts an act is for: all that one message named. */
export interface Acted {
  /** Ids of further alerts. */
  readonly also?: readonly (string)[]
}

/** How an alert stands after an act. */
export interface ActedOn {
  readonly id: string
  /** False: somebody else has claimed it, or it is over. */
  readonly done: boolean
  readonly state: string
  readonly claimed_by: string | null
  readonly claimed_at: string | null
}

/** How each alert stands after an act. */
export interface ActedOnAll {
  readonly results: readonly (ActedOn)[]
}

/** Somebody who answers. */
export interface Agent {
  /** The register's id (工号), else the name the feeds give. */
  readonly agent: string
  /** 花名 */
  readonly name: string | null
  readonly team: string
  readonly seat: string | null
  /** online, away, suspended, offline; unknown: on shift, and nothing was heard. */
  readonly state: string
  readonly state_since: string | null
  readonly shops: readonly (string)[]
  /** Chats with a word in the last ten minutes, over all shops and accounts. */
  readonly open: number
  readonly limit: number | null
  /** open / limit; null without a limit. */
  readonly saturation: number | null
  /** Buyers of theirs who wait. */
  readonly waits_open: number
  readonly on_shift: boolean
  readonly shift_ends_at: string | null
  /** Of today, as are the other sums. */
  readonly online_seconds: number
  readonly away_seconds: number
  readonly suspended_seconds: number
  readonly offline_seconds: number
  /** Online, with a buyer of theirs waiting. */
  readonly busy_seconds: number
  /** busy / online; null before any time online. */
  readonly occupancy: number | null
  /** Mean of open chats over the time online. */
  readonly mean_open: number | null
  readonly most_open: number
  /** null: nothing is counted of them today. */
  readonly own: Own | null
}

/** Everybody who was heard of, or is on shift. */
export interface Agents {
  readonly now: string
  readonly agents: readonly (Agent)[]
}

/** An alert as it stands, or as it ended. */
export interface Alert {
  readonly id: string
  readonly kind: 'wait' | 'unattended' | 'source' | 'promise' | 'handover' | 'score' | 'quality'
  readonly state: 'firing' | 'claimed' | 'resolved' | 'withdrawn'
  readonly platform: string
  readonly shop: string
  readonly conversation: string | null
  /** Masked. */
  readonly buyer: string | null
  readonly team: string
  readonly agent: string | null
  readonly account: string | null
  /** The last one reached; of what is no wait, its kind. */
  readonly stage: string
  readonly since: string | null
  /** When somebody beyond the agent's panel was told first. */
  readonly raised_at: string | null
  /** The next limit at that time: answered by then, the buyer was kept. */
  readonly limit_at: string | null
  readonly claimed_by: string | null
  readonly claimed_at: string | null
  readonly muted_until: string | null
  readonly stopped: boolean
  readonly ended_at: string | null
  readonly outcome: string | null
  readonly told: readonly (ToldStep)[]
  /** What is known of an alert that is no wait's. */
  readonly facts: Readonly<Record<string, unknown>> | null
  /** The rules its wait opened under; of what is no wait's, those in force then. */
  readonly rules_version: string | null
  /** Where the most particular rule of its wait stands: file:line. */
  readonly rule: string | null
}

/** An alert with all that was done to it, and what channels were given. */
export interface AlertWithTrail {
  readonly id: string
  readonly kind: 'wait' | 'unattended' | 'source' | 'promise' | 'handover' | 'score' | 'quality'
  readonly state: 'firing' | 'claimed' | 'resolved' | 'withdrawn'
  readonly platform: string
  readonly shop: string
  readonly conversation: string | null
  /** Masked. */
  readonly buyer: string | null
  readonly team: string
  readonly agent: string | null
  readonly account: string | null
  /** The last one reached; of what is no wait, its kind. */
  readonly stage: string
  readonly since: string | null
  /** When somebody beyond the agent's panel was told first. */
  readonly raised_at: string | null
  /** The next limit at that time: answered by then, the buyer was kept. */
  readonly limit_at: string | null
  readonly claimed_by: string | null
  readonly claimed_at: string | null
  readonly muted_until: string | null
  readonly stopped: boolean
  readonly ended_at: string | null
  readonly outcome: string | null
  readonly told: readonly (ToldStep)[]
  /** What is known of an alert that is no wait's. */
  readonly facts: Readonly<Record<string, unknown>> | null
  /** The rules its wait opened under; of what is no wait's, those in force then. */
  readonly rules_version: string | null
  /** Where the most particular rule of its wait stands: file:line. */
  readonly rule: string | null
  readonly acts: readonly (Act)[]
  readonly delivered: readonly (Delivered)[]
}

/** Alerts, the newest first. */
export interface Alerts {
  readonly now: string
  readonly alerts: readonly (Alert)[]
  /** Ask with before= this for the next page; null: no more. */
  readonly next_before: number | null
}

/** What was done, the newest first. */
export interface AuditTold {
  readonly acts: readonly (ActTold)[]
  /** Ask with it as `before` for what is older; null: there is no more. */
  readonly next_before: number | null
}

/** Answered rounds of one length. */
export interface Band {
  /** With it; null: longer than all others. */
  readonly upto_seconds: number | null
  readonly rounds: number
}

/** How a shop stands today against its contract. */
export interface BudgetTold {
  readonly shop: string
  readonly profile: string
  /** null: none is written down (未设). */
  readonly target: number | null
  readonly hits: number
  readonly misses: number
  readonly open: number
  readonly rate: number | null
  /** How many more may be missed today (达标余量); below 0: the target is lost. null: no target, or no sample yet today. */
  readonly left: number | null
  readonly at_risk: boolean
}

/** The miss budget of each shop. */
export interface Budgets {
  readonly now: string
  readonly shops: readonly (BudgetTold)[]
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

/** Official figures beside ours. */
export interface Compared {
  readonly days: readonly (OfficialDay)[]
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

/** What holds while all that a buyer says is polite (收尾): no limit is passed. */
export interface CourtesyTold {
  readonly steps: readonly (StepTold)[]
}

/** Shops by how they are seen. */
export interface Coverage {
  readonly shops: number
  readonly ok: number
  readonly catching_up: number
  readonly stale: number
  readonly unknown: number
}

/** What a channel was given. */
export interface Delivered {
  readonly channel: string
  readonly transition: string
  readonly stage: string
  readonly due_at: string
  readonly decided_at: string
  readonly state: string
  readonly attempts: number
  readonly tries: readonly (Try)[]
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
  /** The same in Chinese. */
  readonly message_zh: string
}

/** What became of one suggested reply. */
export interface Feedback {
  readonly shop: string
  readonly phrase: string
  readonly outcome: 'shown' | 'picked' | 'edited' | 'ignored'
  /** Its id; the same outcome told twice counts once. */
  readonly suggestion?: string | null
  readonly position?: number | null
  readonly agent?: string | null
  /** What was sent, for how much of it was changed. It is not kept. */
  readonly text?: string | null
  /** From the suggestion to the reply. */
  readonly send_seconds?: number | null
}

/** Several outcomes at once. */
export interface FeedbackBatch {
  readonly feedback: readonly (Feedback)[]
}

/** How many outcomes were new. */
export interface FeedbackTaken {
  readonly accepted: number
  readonly duplicates: number
}

/** How good the words of one agent, team, shop or day were. Without anything to be over, a rate is null. */
export interface Figures {
  readonly replies: number
  readonly polite: number
  readonly polite_rate: number | null
  /** Answered after more than 180 s. */
  readonly long_waits: number
  readonly apology_rate: number | null
  readonly recommended: number
  readonly asked_before_recommending_rate: number | null
  readonly need_asked: number
  /** By rule. */
  readonly hits: Readonly<Record<string, number>>
  readonly hits_per_100_replies: number | null
}

/** What holds for the first reply of a session. */
export interface FirstReplyTold {
  readonly stages: readonly (StageTold)[]
  readonly steps: readonly (StepTold)[]
}

/** What was not seen of a shop by an account (采集中断). */
export interface Gap {
  readonly source: string
  readonly account: string | null
  readonly shop: string
  readonly from: string
  /** null: it is not seen yet. */
  readonly to: string | null
  /** To its end, or to now. */
  readonly seconds: number
  /** account, heartbeat, or start: this service was away. */
  readonly reason: string
  /** A complete range of the collector covers it. */
  readonly filled: boolean
}

/** Gaps of feeds, the newest first. */
export interface Gaps {
  readonly now: string
  readonly gaps: readonly (Gap)[]
}

/** What a shift leaves open, and who receives it. */
export interface HandOver {
  readonly id: string
  readonly shop: string
  readonly team: string
  /** null: left overnight. */
  readonly giver: string | null
  /** The next slot's person, else the lead. */
  readonly receiver: string | null
  readonly to_lead: boolean
  readonly shift_ends_at: string
  /** Unreceived then, it is told. */
  readonly due_at: string
  /** coming, open, received, over */
  readonly state: string
  readonly received_by: string | null
  readonly received_at: string | null
  /** What is open still. */
  readonly left: readonly (Left)[]
}

/** The lists of the last day. */
export interface HandOvers {
  readonly now: string
  readonly handovers: readonly (HandOver)[]
}

/** What holds for a wait of one shop that opens now. */
export interface HeldTo {
  readonly rules_version: string
  /** The last rule that says something of it: file:line. */
  readonly rule: string
  readonly platform: string
  readonly shop: string
  readonly team: string
  /** Whether time counts now. */
  readonly counts_now: boolean
  readonly bot: string
  readonly stages: readonly (StageTold)[]
  readonly steps: readonly (StepTold)[]
  readonly first_reply: FirstReplyTold
  /** A promise is due, late, missed after. */
  readonly promise_seconds: readonly (number)[]
  readonly courtesy: CourtesyTold
  /** What a holding reply (稍等) that is given now owes. */
  readonly promise: StillOwed
  /** What a greeting alone (在的亲) that is given now owes. */
  readonly greeting: StillOwed
  /** Null: no words of a buyer were asked about. */
  readonly buyer: WordsTold | null
  /** Null: no reply was asked about. */
  readonly reply: WordsTold | null
}

/** One rule that one message broke. */
export interface HitTold {
  readonly number: number
  readonly at: string
  readonly shop: string
  readonly team: string
  readonly agent: string
  readonly conversation: string
  /** Its id; empty where it is not known. */
  readonly message: string
  readonly rule: string
  /** serious, warn or note. */
  readonly level: string
  /** Where in the text it begins; 0 and 0: it is about more than words. */
  readonly start: number
  readonly end: number
  /** As the word list has it; empty where texts are not kept. */
  readonly word: string
}

/** Hits, newest first. */
export interface HitsTold {
  readonly hits: readonly (HitTold)[]
  readonly next_before: number | null
}

/** One hour of the span. */
export interface Hour {
  readonly day: string
  readonly hour: number
  readonly rounds: number
  /** Of them, answered or given up after more than 180 s. */
  readonly over_limit: number
  readonly mean_seconds: number | null
}

/** One shop, agent, account, team or platform, or all of them. */
export interface KpiRow {
  /** Of a person who is written down: the id (工号), whatever feeds call them. */
  readonly name: string
  /** Of a person: 花名. */
  readonly nick?: string | null
  /** Of a shop. */
  readonly platform?: string | null
  /** Of a shop. */
  readonly team?: string | null
  /** Of anybody else: over how many shops. */
  readonly shops?: number | null
  /** Of a shop, today; see /v1/kpis/budget. */
  readonly budget?: Readonly<Record<string, unknown>> | null
  readonly provisional: boolean
  readonly scores: Readonly<Record<string, Score>>
  /** Waits, drop-off, missed, transfers, follow-ups, holding replies, buyers, messages left offline, bots; each mean, share and percentile with what it is made of. Left out where single scores are asked for. */
  readonly figures?: Readonly<Record<string, unknown>> | null
  /** Hits of service quality per 100 sessions, by rule, with what rates are over; of whole days. */
  readonly quality?: Readonly<Record<string, unknown>> | null
  /** Of agents, teams and all, over whole days: time online and with a buyer waiting, occupancy (`too_full` above 0.85), mean open chats over the time online and the most at once, and saturation: chats of what the limits of today allow. */
  readonly load?: Readonly<Record<string, unknown>> | null
}

/** Scores and figures of a span. */
export interface Kpis {
  readonly from: string
  readonly to: string
  readonly by: string
  readonly now: string
  /** False after a start, until all that is kept is scored again. */
  readonly complete: boolean
  /** Who waits now, by how long. */
  readonly pending?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | null
  /** By shop: how fresh its feeds are. */
  readonly feeds?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | null
  readonly rows: readonly (KpiRow)[]
}

/** The newest thing of a source that was refused. */
export interface LastFault {
  readonly at: string
  readonly reason: string
  readonly error: string
}

/** One thing left open. */
export interface Left {
  /** wait or promise */
  readonly kind: string
  readonly platform: string
  readonly conversation: string
  /** Masked. */
  readonly buyer: string
  readonly account: string | null
  readonly since: string
  readonly age_seconds: number
  /** Id of the wait. */
  readonly wait: string | null
}

/** The loop turns. */
export interface Livez {
  readonly alive?: true
}

/** What was taken. */
export interface Loaded {
  readonly loaded: number
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

/** Nothing is told of what matches, until. At least one matcher; all given must fit. */
export interface NewSilence {
  readonly shop?: string | null
  readonly platform?: string | null
  readonly team?: string | null
  readonly agent?: string | null
  readonly stage?: string | null
  readonly reason: string
  /** RFC 3339 with offset, or epoch milliseconds; within 7 days. */
  readonly until: string | number | number
}

/** A platform's figure beside ours. */
export interface OfficialDay {
  readonly day: string
  readonly shop: string
  readonly account: string | null
  readonly profile: string
  readonly official: Readonly<Record<string, unknown>>
  readonly ours: Readonly<Record<string, unknown>> | null
  /** Ours less theirs. */
  readonly difference: number | null
  /** Within which the causes could move ours. */
  readonly range?: readonly (number)[] | null
  readonly causes: readonly (Readonly<Record<string, unknown>>)[]
  /** Whether the official figure lies within that range. */
  readonly explained: boolean | null
}

/** A limit of what a reply still owes. */
export interface OwedLimit {
  /** due, late, missed. */
  readonly name: string
  readonly after_seconds: number
  /** The last instant in time; null: it never comes. */
  readonly due_at: string | null
}

/** One thing owed to a buyer who does not wait for an answer. */
export interface OwedTold {
  /** promise, greeting, courtesy */
  readonly kind: string
  readonly platform: string
  readonly shop: string
  readonly conversation: string
  /** Masked. */
  readonly buyer: string
  readonly since: string
  /** When a promise is due. */
  readonly due_at: string | null
  /** Polite words the platform scores too: the last instant in time. */
  readonly scored_until: string | null
}

/** What somebody has done today, over all shops. */
export interface Own {
  /** Waits that they have ended. */
  readonly replies: number
  readonly first_reply_seconds: number | null
  readonly mean_reply_seconds: number | null
  /** Of the replies those that only held off, greeted, or had two characters at most. */
  readonly held: number
  /** "稍等" with nothing after it for 15 min. */
  readonly promises_missed: number
}

/** One agent's own figures of today. */
export interface OwnDay {
  /** Buyers served. */
  readonly received: number | null
  /** Rounds answered. */
  readonly answered: number | null
  readonly first_reply_seconds: number | null
  readonly mean_reply_seconds: number | null
  readonly missed: number | null
}

/** One agent's own things; nobody is compared with anybody. */
export interface Panel {
  readonly now: string
  readonly agent: string
  readonly name: string | null
  readonly seat: string | null
  readonly team: string | null
  readonly state: string
  readonly open: number | null
  readonly limit: number | null
  readonly occupancy: number | null
  readonly shift_ends_at: string | null
  readonly shops: readonly (string)[]
  readonly owed: readonly (OwedTold)[]
  /** null: nothing is counted yet. */
  readonly today: OwnDay | null
}

/** Hours in which people work, as the roster has them. */
export interface PlannedShift {
  readonly name: string | null
  /** 08:00, by the roster's clock. */
  readonly from: string
  /** 24:00; at or before `from`: on the next day. */
  readonly to: string
  /** That clock's, as it is now: +08:00. */
  readonly offset: string
}

/** How a platform counts, from a day on. */
export interface ProfileTold {
  readonly id: string
  readonly name: string
  readonly platforms: readonly (string)[]
  readonly unit: string
  readonly statistic: string
  readonly limit_seconds: number | null
  readonly valid_from: string | null
  readonly rolling_days: number
  readonly lag_days: number
  readonly platform_target: number | null
  readonly source: string
  /** official, reproduced, blog, unverified */
  readonly sure: string
  /** Where it stands, file:line. */
  readonly written: string
}

/** All profiles. */
export interface Profiles {
  readonly profiles: readonly (ProfileTold)[]
}

/** How good the alerts of a span were. */
export interface Quality {
  /** Alerts of waits that were told beyond the agent's panel. */
  readonly alerts: number
  /** Answered after it, by the next limit. */
  readonly saved: number
  /** The next limit passed. */
  readonly breached: number
  /** Neither answered after it nor past the limit: withdrawn, dismissed, left by the buyer. */
  readonly false: number
  /** Not yet to be judged. */
  readonly open: number
  /** Saved, answered later or breached, of all judged. */
  readonly precision: number | null
  readonly claimed: number
  /** Time that was left to the next limit, the middle one of all. */
  readonly lead_seconds: number | null
  /** From the alert to its claim, the middle one of all. */
  readonly claim_seconds: number | null
  readonly from: string
  readonly to: string
  /** Hours in which an agent had a round. */
  readonly agent_hours: number
  readonly alerts_per_agent_hour: number | null
  readonly teams: Readonly<Record<string, TeamQuality>>
}

/** Figures by name. */
export interface QualityTold {
  readonly by: string
  readonly groups: Readonly<Record<string, Figures>>
}

/** Refused input, newest first. */
export interface Quarantine {
  readonly entries: readonly (Refused)[]
  /** Ask with before= this for the next page; null: no more. */
  readonly next_before: number | null
}

/** Words to be answered, of a chat that need not be known here. */
export interface Question {
  readonly shop: string
  readonly text: string
  readonly lang?: 'zh' | 'en' | null
  readonly phase?: 'presale' | 'aftersale' | null
  readonly product?: unknown
  readonly agent?: string | null
  /** The buyer has waited past the first limit. */
  readonly slow?: boolean
  /** The last that was said to the buyer was a holding reply. */
  readonly held?: boolean
  readonly transferring?: boolean
  readonly rewrite?: boolean
}

/** Whether events can be taken now. */
export interface Ready {
  readonly ready: boolean
  readonly reasons: readonly (string)[]
  readonly build: string
  readonly rules_version: string
  /** False while the files of the rules are wrong and the last good ones hold. */
  readonly rules_good: boolean
}

/** Who receives, where the token does not say. */
export interface Receipt {
  /** Default: the token's name. */
  readonly by?: string | null
}

/** A list that somebody has. */
export interface Received {
  readonly id: string
  /** Id of the event that is stored for it. */
  readonly event: string
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

/** One score: the sums, and the rate and mean they make. */
export interface Score {
  /** round, message, session, buyer_day, thread_first */
  readonly unit: string
  readonly hits: number
  readonly misses: number
  /** Not due yet, or known between two bounds only: in no rate. */
  readonly undetermined: number
  readonly excluded: number
  readonly sum_seconds: number
  /** How many waits the mean is over. */
  readonly waits: number
  /** hits / (hits + misses); null: no sample. */
  readonly rate: number | null
  readonly mean_seconds: number | null
  /** Why units are excluded. */
  readonly left_out: Readonly<Record<string, number>>
  /** Misses in which the buyer said polite words only; platforms count them. */
  readonly courtesy_misses: number
  readonly provisional: boolean
}

/** A shift that is over. */
export interface Shift {
  readonly agent: string
  readonly team: string
  readonly shops: readonly (string)[]
  readonly starts_at: string
  readonly ends_at: string
  readonly there_seconds: number
  readonly late_seconds: number
  /** Gone so long before the end. */
  readonly early_seconds: number
}

/** Shifts, the last to end first. */
export interface Shifts {
  readonly now: string
  readonly shifts: readonly (Shift)[]
  /** Which shifts there are, by the roster of today; none: no roster. */
  readonly planned: readonly (PlannedShift)[]
}

/** One shop. */
export interface Shop {
  readonly shop: string
  readonly platform: string
  /** As people see it; the id where nobody wrote one down. */
  readonly name: string
  readonly team: string
  readonly brand: string | null
  readonly category: string | null
  /** By score; empty: none is set. */
  readonly targets: Readonly<Record<string, number>>
  /** ok, catching_up, stale (UNKNOWN on the board), unknown (nothing was heard of it). */
  readonly state: string
  /** Somebody can take a new chat; null: no presence and no roster names it. */
  readonly attended: boolean | null
  /** Set once it has been too long. */
  readonly unattended_since: string | null
  /** Who can take a new chat. */
  readonly able: readonly (string)[]
  /** On shift, and not there. */
  readonly absent: readonly (string)[]
  /** Buyers who need an answer, by stage. */
  readonly waits_open: Readonly<Record<string, number>>
  readonly bot_held: number
  readonly courtesy: number
  readonly answered_today: number
}

/** Every shop that was heard of, or is written down. */
export interface Shops {
  readonly now: string
  readonly shops: readonly (Shop)[]
}

/** A silence in force. */
export interface Silence {
  readonly id: string
  readonly matchers: Readonly<Record<string, string>>
  readonly by: string
  readonly reason: string
  readonly from: string
  readonly until: string
}

/** The silences in force, the first to end first. */
export interface Silences {
  readonly now: string
  readonly silences: readonly (Silence)[]
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
  /** Its clock less ours, on the way included. */
  readonly clock_skew_seconds: number | null
  readonly last_fault: LastFault | null
  readonly accounts: readonly (Account)[]
  readonly shops: readonly (string)[]
}

/** Every source that was ever heard of. */
export interface Sources {
  readonly now: string
  readonly coverage: Coverage
  readonly sources: readonly (Source)[]
}

/** How long buyers waited. */
export interface Spread {
  readonly from: string
  readonly to: string
  readonly bands: readonly (Band)[]
  /** Only those in which a round began. */
  readonly hours: readonly (Hour)[]
}

/** A limit of a wait. */
export interface StageTold {
  readonly name: string
  readonly after_seconds: number
}

/** Whom to tell at which second. */
export interface StepTold {
  readonly at_seconds: number
  readonly to: string
}

/** What a reply that answers nothing owes, from that reply on. */
export interface StillOwed {
  readonly stages: readonly (OwedLimit)[]
  readonly steps: readonly (StepTold)[]
}

/** One reply, to be inserted by a person. */
export interface SuggestedPhrase {
  /** Its id in the library; tell it back with the feedback. */
  readonly phrase: string
  /** 1 is the first key. */
  readonly position: number
  readonly text: string
  readonly intent: string
  /** Keeps the buyer, answers nothing. */
  readonly holding: boolean
  /** Asks what the buyer needs. */
  readonly question: boolean
  readonly score: number
  /** The words of the buyer that it answers. */
  readonly why: readonly (string)[]
}

/** Up to three replies, best first; none where nothing fits well enough. */
export interface Suggestions {
  readonly id: string
  readonly shop: string
  readonly conversation: string | null
  readonly wait: string | null
  readonly lang: string
  readonly intents: readonly (ToldIntent)[]
  /** presale or aftersale; null: the words do not say. */
  readonly phase: string | null
  readonly phase_confidence: number
  readonly abstained: boolean
  /** The same replies in a model's words, where one is set up and asked for. */
  readonly rewritten: readonly (string)[]
  readonly suggestions: readonly (SuggestedPhrase)[]
}

/** What is to be written. */
export interface Table {
  readonly name: string
  readonly columns: readonly (string)[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

/** What became of a batch; all that was accepted is stored. */
export interface Taken {
  readonly accepted: number
  readonly duplicates: number
  readonly late: number
  readonly rejected: readonly (Rejection)[]
}

/** How good alerts were; the shares are null without any to judge. */
export interface TeamQuality {
  /** Alerts of waits that were told beyond the agent's panel. */
  readonly alerts: number
  /** Answered after it, by the next limit. */
  readonly saved: number
  /** The next limit passed. */
  readonly breached: number
  /** Neither answered after it nor past the limit: withdrawn, dismissed, left by the buyer. */
  readonly false: number
  /** Not yet to be judged. */
  readonly open: number
  /** Saved, answered later or breached, of all judged. */
  readonly precision: number | null
  readonly claimed: number
  /** Time that was left to the next limit, the middle one of all. */
  readonly lead_seconds: number | null
  /** From the alert to its claim, the middle one of all. */
  readonly claim_seconds: number | null
}

/** A ticket, as it is told. */
export interface TicketTold {
  /** Opens one live feed: `/v1/live?ticket=…`. */
  readonly ticket: string
  /** For how long. */
  readonly good_seconds: number
}

/** What the buyer asks about, as far as words tell. */
export interface ToldIntent {
  readonly intent: string
  readonly confidence: number
  readonly words: readonly (string)[]
}

/** A step of the ladder at which people were told. */
export interface ToldStep {
  /** Its second: 120s. */
  readonly step: string
  /** panel, popup, team, lead, digest, console. */
  readonly to: string
  readonly due_at: string | null
  readonly decided_at: string | null
  /** Its second had not come: the message of another wait of the agent named it. */
  readonly named: boolean
}

/** One try to deliver. */
export interface Try {
  /** Null: it was given up without a try. */
  readonly sent_at: string | null
  readonly answered_at: string | null
  readonly outcome: 'sent' | 'retry' | 'failed' | 'dropped_answered' | 'withdrawn'
  /** Why it was not taken, in a word; empty: it was. */
  readonly reason: string
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
  /** What people were told and did; null: nothing so far. */
  readonly alert: WaitAlert | null
}

/** What people were told of a wait, and did about it. */
export interface WaitAlert {
  readonly claimed_by: string | null
  readonly claimed_at: string | null
  /** The claim holds the steps until then; null: it holds none, or no more. */
  readonly hold_until: string | null
  readonly muted_until: string | null
  /** Nothing is told of it any more. */
  readonly stopped: boolean
  readonly told: readonly (ToldStep)[]
}

/** Open waits, the one with the least time left first. */
export interface Waits {
  readonly now: string
  /** How many there are; not all may be listed. */
  readonly total: number
  readonly waits: readonly (Wait)[]
}

/** One score of a shop over its platform's window. */
export interface Window {
  readonly shop: string
  readonly profile: string
  readonly first_day: string
  readonly last_day: string
  readonly platform_target: number | null
  readonly unit: string
  readonly hits: number
  readonly misses: number
  readonly undetermined: number
  readonly excluded: number
  readonly sum_seconds: number
  readonly waits: number
  /** null: fewer than the platform asks for. */
  readonly rate: number | null
  readonly mean_seconds: number | null
  readonly left_out: Readonly<Record<string, number>>
  readonly courtesy_misses: number
}

/** Scores over the platforms' windows. */
export interface Windows {
  readonly now: string
  readonly windows: readonly (Window)[]
}

/** What words are by themselves; a polite word after a question of the agent is an answer all the same. */
export interface WordsTold {
  readonly text: string
  /** Of a buyer courtesy, greeting, question, content; of a reply holding, greeting, question, answer; noise, bot, auto where the rules say so of the sender. */
  readonly means: string
  /** By which of them it is that; none where no word tells it. */
  readonly words: readonly (string)[]
  /** file:line of the rule or of the word; `built-in`. */
  readonly said_by: string
}

/** Any error. */
export interface Wrong {
  /** What is wrong, and what to do about it. */
  readonly error: string
}
