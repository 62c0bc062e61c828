/** A TV that shows the same lines for months keeps them: the board moves by a few pixels every few minutes. */

import { onScopeDispose, ref, type Ref } from 'vue'

const EVERY_MS = 180_000
const PLACES: readonly (readonly [number, number])[] = [
  [0, 0],
  [3, 1],
  [5, 4],
  [2, 5],
  [-2, 3],
  [-4, 0],
  [-3, -4],
  [1, -3],
]

export function usePixelShift(tv: boolean): Ref<{ transform: string } | undefined> {
  const style = ref<{ transform: string }>()
  if (!tv) return style
  let turn = 0
  const timer = window.setInterval(() => {
    turn = (turn + 1) % PLACES.length
    const [x, y] = PLACES[turn] ?? [0, 0]
    style.value = { transform: `translate(${x}px, ${y}px)` }
  }, EVERY_MS)
  onScopeDispose(() => {
    window.clearInterval(timer)
  })
  return style
}
