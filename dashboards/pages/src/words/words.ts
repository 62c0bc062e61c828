/** All that the pages say, one shape for every language. */

import type { Label } from '../waits/standing'

export interface Words {
  readonly tag: string
  readonly title: string
  readonly demo: string
  readonly longest: string
  readonly longestNobody: string
  readonly waiting: string
  readonly waitingUnit: (n: number) => string
  readonly soon: string
  readonly soonHint: string
  readonly overThree: string
  readonly overLimit: string
  readonly overHint: string
  readonly labels: Readonly<Record<Label, string>>
  readonly column: Readonly<
    Record<'stage' | 'waited' | 'left' | 'shop' | 'buyer' | 'agent' | 'remarks', string>
  >
  readonly left: (time: string) => string
  readonly over: (time: string) => string
  readonly paused: string
  readonly noAgent: string
  readonly nudged: (n: number) => string
  readonly more: (n: number) => string
  readonly moreLost: (n: number) => string
  readonly nobody: string
  readonly nobodyButUnknown: (n: number) => string
  readonly lastMessage: (ago: string) => string
  readonly ago: (ms: number) => string
  readonly days: (days: number, hours: number) => string
  readonly botHeld: string
  readonly courtesy: string
  readonly promises: string
  readonly answeredToday: string
  readonly shops: string
  readonly sources: string
  readonly delayed: string
  readonly unknown: string
  readonly seconds: (n: number) => string
  readonly reason: Readonly<Record<string, string>>
  readonly noSources: string
  readonly notifyFailed: (n: number) => string
  readonly storeDown: string
  readonly live: string
  readonly late: (ago: string) => string
  readonly reconnecting: string
  readonly lineLost: (since: string) => string
  readonly dataFrom: (clock: string) => string
  readonly connecting: string
  readonly unreachable: (attempts: number) => string
  readonly refused: string
  readonly outdated: string
  readonly flags: Readonly<Record<string, string>>
  readonly platforms: Readonly<Record<string, string>>
  readonly otherLanguage: string
  readonly toLight: string
  readonly toDark: string
  readonly tv: string
  readonly summary: (waiting: number, soon: number, late: number) => string
  readonly firstRun: {
    readonly title: string
    readonly intro: string
    readonly http: string
    readonly mqtt: string
    readonly mqttHint: string
    readonly websocket: string
    readonly websocketHint: string
    readonly copy: string
    readonly copied: string
    readonly sampleText: string
  }
}
