/** What came of a click: said for a while, then gone. */

import { onBeforeUnmount, ref, type Ref } from 'vue'

export function useSaid(forMs: number): { said: Ref<string>; tell: (text: string) => void } {
  const said = ref('')
  let silence = 0
  onBeforeUnmount(() => {
    window.clearTimeout(silence)
  })
  function tell(text: string): void {
    said.value = text
    window.clearTimeout(silence)
    silence = window.setTimeout(() => {
      said.value = ''
    }, forMs)
  }
  return { said, tell }
}
