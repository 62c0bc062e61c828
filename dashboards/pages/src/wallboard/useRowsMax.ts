/** How many agents fit: fewer than six tell too little, and past twelve nobody reads on. */

import { onScopeDispose, ref, type Ref } from 'vue'

const FEWEST = 6
const MOST = 12
/** On a TV the rows have a share of the height each, so their number is fixed. */
const ON_TV = 7
const NARROW_PX = 720
/** What a laptop's window needs for all but the rows, and for one row. */
const AROUND_PX = 412
const ROW_PX = 44

export function useRowsMax(tv: boolean): Ref<number> {
  const rows = ref(fitting(tv))
  const measure = (): void => {
    rows.value = fitting(tv)
  }
  window.addEventListener('resize', measure)
  onScopeDispose(() => {
    window.removeEventListener('resize', measure)
  })
  return rows
}

function fitting(tv: boolean): number {
  if (tv) return ON_TV
  if (window.innerWidth < NARROW_PX) return MOST
  return Math.min(MOST, Math.max(FEWEST, Math.floor((window.innerHeight - AROUND_PX) / ROW_PX)))
}
