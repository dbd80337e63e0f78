{
  on = {
    size.nixosFleet.image.diskSizeMiB = 8192;
    boot.nixosFleet.image.bootSizeMiB = 1024;
    room.nixosFleet.image.additionalSpaceMiB = 4096;
  };
  failing.no-room = {
    module.nixosFleet.image = {
      diskSizeMiB = 1024;
      bootSizeMiB = 768;
    };
    message = "nixosFleet.image.diskSizeMiB (1024) leaves less than 512 MiB beside the boot partition of 768 MiB";
  };
}
