/** Hand a file to the viewer. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name.replace(/[\\/:*?"<>|]/g, '-')
  link.click()
  window.setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 10_000)
}
