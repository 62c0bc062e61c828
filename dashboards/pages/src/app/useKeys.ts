/** What a key does while a part of a page is there. */

import { onBeforeUnmount, onMounted } from 'vue'

export function useKeys(press: (event: KeyboardEvent) => void): void {
  onMounted(() => {
    window.addEventListener('keydown', press)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', press)
  })
}
