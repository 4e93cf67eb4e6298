locals {
  # Locally administered, unique as the address is; in the case in which the provider reports it.
  mac = format("52:54:00:%02X:%02X:%02X", [for octet in slice(split(".", var.address), 1, 4) : tonumber(octet)]...)

  user_data = "#cloud-config\n${yamlencode({
    hostname         = var.name
    fqdn             = "${var.name}.${var.domain}"
    manage_etc_hosts = true
    locale           = "false" # its schema wants text; the image's own is kept
    ssh_pwauth       = false
    disable_root     = true
    ssh_genkeytypes  = ["ed25519"]
    users = [{
      name                = var.ssh_user
      shell               = "/bin/bash"
      lock_passwd         = true
      sudo                = "ALL=(ALL) NOPASSWD:ALL"
      ssh_authorized_keys = [var.ssh_public_key]
    }]
  })}"
  network_config = yamlencode({
    version   = 2
    ethernets = { lan = { match = { macaddress = lower(local.mac) }, dhcp4 = true, dhcp-identifier = "mac" } }
  })
  # cloud-init does its work once for an instance: a machine with another root disk is another instance.
  meta_data = yamlencode({ instance-id = "${var.name}-${var.image}", local-hostname = var.name })
}

resource "libvirt_cloudinit_disk" "seed" {
  name           = "${var.name}.seed-${substr(sha256("${local.user_data}${local.network_config}${local.meta_data}"), 0, 12)}.iso"
  pool           = var.pool
  user_data      = local.user_data
  meta_data      = local.meta_data
  network_config = local.network_config

  lifecycle {
    create_before_destroy = true
  }
}
