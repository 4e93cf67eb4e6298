# The provider's schema is the real one; nothing is created.
mock_provider "libvirt" {}

variables {
  libvirt_uri = "qemu:///system"
  platform    = "nereus"
  pool_path   = "/var/lib/nereus/machines"
  images      = { "0123456789ab" = "/cache/debian.qcow2" }
}

run "the_base_image_bears_its_hash" {
  command = plan

  assert {
    condition     = libvirt_volume.base["0123456789ab"].name == "base-0123456789ab.qcow2"
    error_message = "The base volume is named ${libvirt_volume.base["0123456789ab"].name}."
  }
  assert {
    condition     = libvirt_pool.disks.type == "dir" && libvirt_network.machines.mode == "nat"
    error_message = "The pool is a folder and the network NAT."
  }
}

run "the_contract_names_every_image" {
  command = apply

  variables {
    images = { "0123456789ab" = "/cache/old.qcow2", "ba9876543210" = "/cache/new.qcow2" }
  }
  assert {
    condition     = length(output.contract.images) == 2 && output.contract.pool == "nereus"
    error_message = "The contract has ${length(output.contract.images)} images."
  }
}

run "an_unknown_address_of_libvirt_is_refused" {
  command = plan
  variables { libvirt_uri = "localhost" }
  expect_failures = [var.libvirt_uri]
}

run "a_name_with_capitals_is_refused" {
  command = plan
  variables { platform = "Nereus" }
  expect_failures = [var.platform]
}

run "the_root_folder_is_no_pool" {
  command = plan
  variables { pool_path = "/" }
  expect_failures = [var.pool_path]
}

run "a_network_with_host_bits_is_refused" {
  command = plan
  variables { network_cidr = "10.77.0.5/24" }
  expect_failures = [var.network_cidr]
}

run "a_network_too_small_is_refused" {
  command = plan
  variables { network_cidr = "10.77.0.0/28" }
  expect_failures = [var.network_cidr]
}

run "a_bridge_name_too_long_is_refused" {
  command = plan
  variables { bridge = "virbr-a-name-too-long" }
  expect_failures = [var.bridge]
}

run "an_image_without_a_hash_is_refused" {
  command = plan
  variables { images = { "debian-12" = "/cache/debian.qcow2" } }
  expect_failures = [var.images]
}

run "no_image_at_all_is_refused" {
  command = plan
  variables { images = {} }
  expect_failures = [var.images]
}
