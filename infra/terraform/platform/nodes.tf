module "node" {
  source   = "../modules/node"
  for_each = var.nodes

  name           = each.key
  domain_type    = var.domain_type
  cores          = each.value.cores
  memory_gib     = each.value.memory_gib
  root_gib       = each.value.root_gib
  disks          = each.value.disks
  roles          = each.value.roles
  address        = each.value.address
  image          = each.value.image
  base_volume_id = var.foundations.images[each.value.image]
  domain         = var.foundations.domain
  pool           = var.foundations.pool
  network_id     = var.foundations.network_id
  ssh_user       = var.ssh_user
  ssh_public_key = var.ssh_public_key
  console_path   = var.console_path
}
