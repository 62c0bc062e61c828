/** Notifications of the browser, on request: one for each wait that is about to miss and nobody has claimed. */

import { ref, watch, type Ref, type ShallowRef } from 'vue'

import type { Shown } from '../app/useBoard'
import { SoonWatcher } from '../app/soon'
import { named } from '../waits/naming'
import { leftOf } from '../waits/said'
import { isClaimed, ranked, rowOf } from '../waits/view'
import type { ConsoleWords } from '../words/zh/console'

export interface Notifications {
  readonly state: Ref<'off' | 'on' | 'denied' | 'unable'>
  ask(): Promise<void>
}

export function useNotifications(words: ConsoleWords, shown: ShallowRef<Shown>): Notifications {
  const state = ref<'off' | 'on' | 'denied' | 'unable'>('Notification' in window ? 'off' : 'unable')
  const watcher = new SoonWatcher(0)

  async function ask(): Promise<void> {
    const said = await Notification.requestPermission()
    state.value = said === 'granted' ? 'on' : 'denied'
  }

  watch(shown, ({ board, nowMs }) => {
    if (board === null || nowMs === null) return
    const soon = ranked(board, nowMs).filter(({ label, wait }) => label === 'soon' && !isClaimed(wait))
    const fresh = watcher.fresh(soon.map(({ wait }) => wait.id))
    if (state.value !== 'on' || fresh.length === 0 || document.visibilityState === 'visible') return
    const first = soon.find(({ wait }) => fresh.includes(wait.id))
    if (first === undefined) return
    const row = rowOf(first)
    const who = named(row.wait, board.agents.get(row.wait.person ?? '') ?? null)
    const title = words.notification(
      [who.seat, who.name ?? words.noAgent].filter(Boolean).join(' '),
      leftOf(row, words),
    )
    new Notification(title, { body: `${row.wait.shop} · ${row.wait.buyer}`, tag: 'presales' })
  })
  return { state, ask }
}
