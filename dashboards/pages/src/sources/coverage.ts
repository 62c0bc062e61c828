/** Which shops are seen, and by what: a shop is seen while any account of any source shows it. */

import type { Gap, Source } from '../api/types'

export interface Coverage {
  readonly shops: number
  readonly uncovered: readonly string[]
}

export function coverage(sources: readonly Source[]): Coverage {
  const seen = new Map<string, boolean>()
  for (const source of sources) {
    for (const shop of source.shops) if (!seen.has(shop)) seen.set(shop, false)
    if (source.state === 'stale') continue
    for (const account of source.accounts) {
      if (account.state === 'online') for (const shop of account.shops) seen.set(shop, true)
    }
  }
  const uncovered = [...seen].filter(([, fresh]) => !fresh).map(([shop]) => shop)
  return { shops: seen.size, uncovered: uncovered.sort() }
}

const WORST_FIRST: Readonly<Record<Source['state'], number>> = { stale: 0, catching_up: 1, ok: 2 }

/** What is in trouble first; an account that is out makes its source one of them. */
export function worstFirst(sources: readonly Source[]): readonly Source[] {
  return [...sources].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

export function inTrouble(source: Source): boolean {
  return rank(source) < 2
}

function rank(source: Source): number {
  return Math.min(WORST_FIRST[source.state], accountsOut(source) > 0 ? 1 : 2)
}

/** How many of its accounts are not logged in: what comes by them is unseen. */
export function accountsOut(source: Source): number {
  return source.accounts.filter((account) => account.state !== 'online').length
}

/** What a source did not see: stretches that nothing has filled, of its accounts where they are told apart. */
export function missedBy(source: Source, gaps: readonly Gap[]): { times: number; seconds: number } {
  // A gap is told for each shop; the source missed it once.
  const own = gaps.filter((gap) => gap.source === source.name && !gap.filled)
  const once = new Map(own.map((gap) => [`${gap.account ?? ''} ${gap.from}`, gap.seconds]))
  return { times: once.size, seconds: [...once.values()].reduce((all, seconds) => all + seconds, 0) }
}

/** Accounts as they are looked for: those in trouble first, what names none last. */
export function inOrder(accounts: Source['accounts']): Source['accounts'] {
  const place = (account: Source['accounts'][number]): number =>
    account.state !== 'online' ? 0 : account.account === null ? 2 : 1
  return [...accounts].sort((a, b) => place(a) - place(b))
}

export function matches(source: Source, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  const names = [
    source.name,
    source.host ?? '',
    ...source.shops,
    ...source.accounts.map((a) => a.account ?? ''),
  ]
  return wanted === '' || names.some((name) => name.toLowerCase().includes(wanted))
}
