resource "libvirt_domain" "node" {
  name      = var.name
  type      = var.domain_type
  vcpu      = var.cores
  memory    = floor(var.memory_gib * 1024)
  autostart = true
  cloudinit = libvirt_cloudinit_disk.seed.id

  cpu {
    mode = var.domain_type == "kvm" ? "host-passthrough" : "maximum"
  }

  disk {
    volume_id = libvirt_volume.root.id
  }

  dynamic "disk" {
    for_each = var.disks
    content {
      volume_id = libvirt_volume.data[disk.value.serial].id
    }
  }

  network_interface {
    network_id     = var.network_id
    mac            = local.mac
    hostname       = var.name
    addresses      = [var.address]
    wait_for_lease = true
  }

  # A console that nobody reads can stall the boot of a machine; a file never does. The transformation makes it one.
  console {
    type        = "file"
    target_type = "serial"
    target_port = "0"
    source_path = "${var.console_path}/${var.name}.log"
  }

  xml {
    xslt = file("${path.module}/domain.xsl")
  }

  timeouts {
    create = "20m"
  }

  lifecycle {
    # A disk that is added is attached to the running machine; seen as a change it would make the machine anew.
    ignore_changes       = [disk]
    replace_triggered_by = [libvirt_volume.root.id]
  }
}
