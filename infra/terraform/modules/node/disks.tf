locals {
  gib = 1024 * 1024 * 1024
}

# Named by the image it was copied from: another image is another root disk, and with it a new machine.
resource "libvirt_volume" "root" {
  name           = "${var.name}.root-${var.image}.qcow2"
  pool           = var.pool
  base_volume_id = var.base_volume_id
  size           = floor(var.root_gib * local.gib)
  format         = "qcow2"
}

resource "libvirt_volume" "data" {
  for_each = { for disk in var.disks : disk.serial => disk }

  # The domain's transformation reads the serial number out of this name.
  name   = "${var.name}.${each.key}.qcow2"
  pool   = var.pool
  size   = floor(each.value.gib * local.gib)
  format = "qcow2"

  lifecycle {
    prevent_destroy = true
  }
}
