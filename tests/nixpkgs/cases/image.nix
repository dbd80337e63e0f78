{
  on = {
    size.nixosFleet.image.diskSizeMiB = 8192;
    boot.nixosFleet.image.bootSizeMiB = 1024;
    room.nixosFleet.image.additionalSpaceMiB = 4096;
    both-firmwares.nixosFleet.image.partitionTable = "hybrid";
    bios.nixosFleet.image.partitionTable = "legacy";
    bios-and-gpt.nixosFleet.image.partitionTable = "legacy+gpt";
    fixed-size.nixosFleet.image.autoResize = false;
    serial-console.nixosFleet.image.serialConsole = true;
    guest.nixosFleet.image.qemuGuest = true;
    compressed.nixosFleet.image.compress = true;
    raw.image.format = "raw";
    arguments.nixosFleet.image.makeDiskImage.memSize = 2048;
  };
  failing.no-room = {
    module.nixosFleet.image = {
      diskSizeMiB = 1024;
      bootSizeMiB = 768;
    };
    message = "nixosFleet.image.diskSizeMiB (1024) leaves less than 512 MiB beside the boot partition of 768 MiB";
  };
}
