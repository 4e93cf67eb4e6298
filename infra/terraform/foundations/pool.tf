resource "libvirt_pool" "disks" {
  name = var.platform
  type = "dir"

  target {
    path = var.pool_path
  }
}
