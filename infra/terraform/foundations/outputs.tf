output "contract" {
  description = "What the platform needs to know of its foundations."
  value = {
    pool         = libvirt_pool.disks.name
    network_id   = libvirt_network.machines.id
    network_cidr = var.network_cidr
    domain       = var.domain
    images       = { for hash, volume in libvirt_volume.base : hash => volume.id }
  }
}
