/** Notifications of the browser, on request: one for each wait that is about to miss and nobody looks after. */

import { ref, watch, type Ref, type ShallowRef } from 'vue'

import type { Shown } from '../app/useBoard'
import { SoonWatcher } from '../app/soon'
import { named } from '../waits/naming'
import { leftOf } from '../waits/said'
import { rowOf, unheeded } from '../waits/view'
import type { ConsoleWords } from '../words/zh/console'

type State = 'off' | 'on' | 'denied' | 'unable'

export interface Notifications {
  readonly state: Ref<State>
  turn(): Promise<void>
}

/** Wanted once, wanted until said otherwise: the page reloads itself after an update. */
const WANTED = 'console-notifications'

export function useNotifications(words: ConsoleWords, shown: ShallowRef<Shown>): Notifications {
  const state = ref<State>(stateNow())
  const watcher = new SoonWatcher(0)

  async function turn(): Promise<void> {
    if (state.value === 'on') window.localStorage.removeItem(WANTED)
    else {
      await Notification.requestPermission()
      window.localStorage.setItem(WANTED, 'yes')
    }
    state.value = stateNow()
  }

  watch(shown, ({ board, nowMs }) => {
    if (board === null || nowMs === null) return
    const soon = unheeded(board, nowMs)
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
  return { state, turn }
}

function stateNow(): State {
  if (!('Notification' in window)) return 'unable'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && window.localStorage.getItem(WANTED) !== null ? 'on' : 'off'
}
