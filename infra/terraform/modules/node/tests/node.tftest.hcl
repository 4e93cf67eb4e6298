# The provider's schema is the real one; nothing is created.
mock_provider "libvirt" {}

variables {
  name           = "nereus-node-0"
  domain_type    = "qemu"
  cores          = 2
  memory_gib     = 1.5
  root_gib       = 4
  roles          = ["server"]
  address        = "10.77.0.10"
  domain         = "nereus.internal"
  pool           = "nereus"
  network_id     = "6d0e5b4a-0000-4000-8000-000000000000"
  image          = "0123456789ab"
  base_volume_id = "/pool/base-0123456789ab.qcow2"
  ssh_user       = "ops"
  ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA test"
  console_path   = "/var/log/nereus"
  disks = [
    { serial = "hot-0", tier = "hot", gib = 0.5 },
    { serial = "cold-0", tier = "cold", gib = 2 },
  ]
}

run "disks_and_domain" {
  command = plan

  assert {
    condition     = libvirt_volume.data["hot-0"].name == "nereus-node-0.hot-0.qcow2" && libvirt_volume.data["hot-0"].size == 536870912
    error_message = "The disk is ${libvirt_volume.data["hot-0"].name} of ${libvirt_volume.data["hot-0"].size} bytes."
  }
  assert {
    condition     = libvirt_volume.root.name == "nereus-node-0.root-0123456789ab.qcow2"
    error_message = "The root disk is ${libvirt_volume.root.name}."
  }
  assert {
    condition     = length(libvirt_domain.node.disk) == 3 && libvirt_domain.node.memory == 1536
    error_message = "The machine has ${length(libvirt_domain.node.disk)} disks and ${libvirt_domain.node.memory} MiB."
  }
  assert {
    condition     = libvirt_domain.node.network_interface[0].mac == "52:54:00:4D:00:0A"
    error_message = "The MAC address is ${libvirt_domain.node.network_interface[0].mac}."
  }
  assert {
    condition     = libvirt_domain.node.cpu[0].mode == "maximum"
    error_message = "Without hardware virtualisation the host's own CPU cannot be passed through."
  }
}

run "hardware_virtualisation_passes_the_cpu_through" {
  command = plan
  variables { domain_type = "kvm" }
  assert {
    condition     = libvirt_domain.node.cpu[0].mode == "host-passthrough"
    error_message = "Doris needs AVX2, which only the host's own CPU model is sure to show."
  }
}

run "another_virtualisation_is_refused" {
  command = plan
  variables { domain_type = "xen" }
  expect_failures = [var.domain_type]
}

run "half_a_core_is_refused" {
  command = plan
  variables { cores = 1.5 }
  expect_failures = [var.cores]
}

run "too_little_memory_is_refused" {
  command = plan
  variables { memory_gib = 0.1 }
  expect_failures = [var.memory_gib]
}

run "a_root_disk_below_the_image_is_refused" {
  command = plan
  variables { root_gib = 1 }
  expect_failures = [var.root_gib]
}

run "a_serial_number_too_long_is_refused" {
  command = plan
  variables { disks = [{ serial = "a-very-long-serial-number", tier = "hot", gib = 1 }] }
  expect_failures = [var.disks]
}

run "a_serial_number_twice_is_refused" {
  command = plan
  variables {
    disks = [{ serial = "hot-0", tier = "hot", gib = 1 }, { serial = "hot-0", tier = "hot", gib = 2 }]
  }
  expect_failures = [var.disks]
}

run "an_unknown_tier_is_refused" {
  command = plan
  variables { disks = [{ serial = "warm-0", tier = "warm", gib = 1 }] }
  expect_failures = [var.disks]
}

run "an_empty_disk_is_refused" {
  command = plan
  variables { disks = [{ serial = "hot-0", tier = "hot", gib = 0 }] }
  expect_failures = [var.disks]
}

run "an_unknown_role_is_refused" {
  command = plan
  variables { roles = ["master"] }
  expect_failures = [var.roles]
}

run "a_name_with_a_dot_is_refused" {
  command = plan
  variables { name = "node.0" }
  expect_failures = [var.name]
}

run "logging_in_as_root_is_refused" {
  command = plan
  variables { ssh_user = "root" }
  expect_failures = [var.ssh_user]
}

run "a_private_key_is_refused" {
  command = plan
  variables { ssh_public_key = "-----BEGIN OPENSSH PRIVATE KEY-----" }
  expect_failures = [var.ssh_public_key]
}
