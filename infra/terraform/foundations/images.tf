# The name holds the content's hash: a new image is a new volume beside the old one, never a replacement beneath
# machines that still read it.
resource "libvirt_volume" "base" {
  for_each = var.images

  name   = "base-${each.key}.qcow2"
  pool   = libvirt_pool.disks.name
  source = each.value
  format = "qcow2"

  lifecycle {
    # Where the file lay when it was copied into the pool is of no interest afterwards.
    ignore_changes = [source]
  }
}
