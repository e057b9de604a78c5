-- Tasks of an oVirt engine 3.4, made up by gensample. Change the generator, not this file.
-- Load into a UTF-8 database: psql -v ON_ERROR_STOP=1 -f sample.sql
BEGIN;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
INSERT INTO storage_pool (id, name, description, storage_pool_type, storage_pool_format_type, status, master_domain_version, compatibility_version, is_local)
VALUES ('9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 'Sample', 'data centre of the sample', 1, '3', 1, 1, '3.4', false);
-- S1.placeholder first, then its task, child 0
SELECT InsertOrUpdateAsyncTasks(2 /*AddVmFromTemplate*/, 0, 2, '00000000-0000-0000-0000-000000000000', 'a8f946e6-bd8c-5af3-ac58-646cdde23aee', '{
  "@class" : "org.ovirt.engine.core.common.action.AddVmFromTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9979961e-d907-55a1-9b8b-603ca74b884e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddVmFromTemplate",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "5b0e22d1",
  "jobId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "15e66593-03f4-5e02-8af0-899f31dd0779"
  } ],
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "makeCreatorExplicitOwner" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "00000000-0000-0000-0000-000000000000"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "shop-01",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "shop-01",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "clone of the golden template",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "shop-01",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "clone of the golden template",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "shop-01",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "c5a403c0-33c3-5fa1-9f3e-c03a9172535a"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddVmFromTemplate",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "137e2201-9041-5b82-b727-174bad68b6d6"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "3055ef43-a3ef-5ab9-8cf1-416418033171"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "dbb2301c-5046-5f55-b0bb-f62d16a4e977"
    } ],
    "diskAlias" : "shop-01_Disk0",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "da995388-817e-5974-9f61-258430014191"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "dbb2301c-5046-5f55-b0bb-f62d16a4e977"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters', NULL, 'c5a403c0-33c3-5fa1-9f3e-c03a9172535a', '9979961e-d907-55a1-9b8b-603ca74b884e', '2014-06-03 08:15:42.211Z', '00000000-0000-0000-0000-000000000000', 1);
-- S1.placeholder first, then its task, child 0
SELECT InsertOrUpdateAsyncTasks(2 /*AddVmFromTemplate*/, 0, 2, 'aafce62b-5468-532f-a926-3a2b07d03e70', 'a8f946e6-bd8c-5af3-ac58-646cdde23aee', '{
  "@class" : "org.ovirt.engine.core.common.action.AddVmFromTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9979961e-d907-55a1-9b8b-603ca74b884e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddVmFromTemplate",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "5b0e22d1",
  "jobId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "15e66593-03f4-5e02-8af0-899f31dd0779"
  } ],
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "makeCreatorExplicitOwner" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "00000000-0000-0000-0000-000000000000"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "shop-01",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "shop-01",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "clone of the golden template",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "shop-01",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "clone of the golden template",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "shop-01",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "c5a403c0-33c3-5fa1-9f3e-c03a9172535a"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddVmFromTemplate",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "aafce62b-5468-532f-a926-3a2b07d03e70"
  } ] ] ],
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "137e2201-9041-5b82-b727-174bad68b6d6"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "3055ef43-a3ef-5ab9-8cf1-416418033171"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "dbb2301c-5046-5f55-b0bb-f62d16a4e977"
    } ],
    "diskAlias" : "shop-01_Disk0",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "da995388-817e-5974-9f61-258430014191"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "dbb2301c-5046-5f55-b0bb-f62d16a4e977"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters', 'a94a385d-5e31-59f9-8215-51cdb54326b6', 'c5a403c0-33c3-5fa1-9f3e-c03a9172535a', '9979961e-d907-55a1-9b8b-603ca74b884e', '2014-06-03 08:15:42.422Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 1);
SELECT InsertAsyncTaskEntities('a8f946e6-bd8c-5af3-ac58-646cdde23aee', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('a8f946e6-bd8c-5af3-ac58-646cdde23aee', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S1.placeholder first, then its task, child 1
SELECT InsertOrUpdateAsyncTasks(2 /*AddVmFromTemplate*/, 0, 2, '00000000-0000-0000-0000-000000000000', '35e011f5-87d5-583b-8931-71e800f5d466', '{
  "@class" : "org.ovirt.engine.core.common.action.AddVmFromTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9979961e-d907-55a1-9b8b-603ca74b884e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddVmFromTemplate",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "5b0e22d1",
  "jobId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "15e66593-03f4-5e02-8af0-899f31dd0779"
  } ],
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "makeCreatorExplicitOwner" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "00000000-0000-0000-0000-000000000000"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "shop-01",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "shop-01",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "clone of the golden template",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "shop-01",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "clone of the golden template",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "shop-01",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "78fcf756-6c70-5d9a-870d-18159ae9e2bf"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddVmFromTemplate",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "137e2201-9041-5b82-b727-174bad68b6d6"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "df726c01-5d39-5c80-926a-8f00383d2a22"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "8daab9ba-a828-5bc6-83a3-919e44bb9ed5"
    } ],
    "diskAlias" : "shop-01_Disk1",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "5d663c51-2873-556f-9dd9-adb57ff79f33"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "8daab9ba-a828-5bc6-83a3-919e44bb9ed5"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters', NULL, '78fcf756-6c70-5d9a-870d-18159ae9e2bf', '9979961e-d907-55a1-9b8b-603ca74b884e', '2014-06-03 08:15:42.633Z', '00000000-0000-0000-0000-000000000000', 1);
-- S1.placeholder first, then its task, child 1
SELECT InsertOrUpdateAsyncTasks(2 /*AddVmFromTemplate*/, 0, 2, '732a2912-f73b-5e26-9666-db6acbbcfde1', '35e011f5-87d5-583b-8931-71e800f5d466', '{
  "@class" : "org.ovirt.engine.core.common.action.AddVmFromTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9979961e-d907-55a1-9b8b-603ca74b884e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddVmFromTemplate",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "5b0e22d1",
  "jobId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "15e66593-03f4-5e02-8af0-899f31dd0779"
  } ],
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "makeCreatorExplicitOwner" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "00000000-0000-0000-0000-000000000000"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "shop-01",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "shop-01",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "clone of the golden template",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "shop-01",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "clone of the golden template",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "shop-01",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "78fcf756-6c70-5d9a-870d-18159ae9e2bf"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddVmFromTemplate",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "732a2912-f73b-5e26-9666-db6acbbcfde1"
  } ] ] ],
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "137e2201-9041-5b82-b727-174bad68b6d6"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "df726c01-5d39-5c80-926a-8f00383d2a22"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "8daab9ba-a828-5bc6-83a3-919e44bb9ed5"
    } ],
    "diskAlias" : "shop-01_Disk1",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "5d663c51-2873-556f-9dd9-adb57ff79f33"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "8daab9ba-a828-5bc6-83a3-919e44bb9ed5"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters', '60820578-7e12-56fd-9f47-ac15103070e6', '78fcf756-6c70-5d9a-870d-18159ae9e2bf', '9979961e-d907-55a1-9b8b-603ca74b884e', '2014-06-03 08:15:42.844Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 1);
SELECT InsertAsyncTaskEntities('35e011f5-87d5-583b-8931-71e800f5d466', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('35e011f5-87d5-583b-8931-71e800f5d466', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S1.placeholder first, then its task, child 2
SELECT InsertOrUpdateAsyncTasks(2 /*AddVmFromTemplate*/, 0, 2, '00000000-0000-0000-0000-000000000000', '4eebd181-945e-5884-96cd-ca5320bbe728', '{
  "@class" : "org.ovirt.engine.core.common.action.AddVmFromTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9979961e-d907-55a1-9b8b-603ca74b884e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddVmFromTemplate",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "5b0e22d1",
  "jobId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "15e66593-03f4-5e02-8af0-899f31dd0779"
  } ],
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "makeCreatorExplicitOwner" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "00000000-0000-0000-0000-000000000000"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "shop-01",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "shop-01",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "clone of the golden template",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "shop-01",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "clone of the golden template",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "shop-01",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "52ac9ef0-6a09-5fc3-b3e7-348f4a276bdc"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddVmFromTemplate",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "137e2201-9041-5b82-b727-174bad68b6d6"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "df92d353-ba88-5b85-9b27-9df729535de3"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "fb76f913-559f-5d4b-af43-5050e5581dcc"
    } ],
    "diskAlias" : "shop-01_Disk2",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "a2ddcbf8-9d88-593f-9bd9-d9ad7946f0e2"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "fb76f913-559f-5d4b-af43-5050e5581dcc"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters', NULL, '52ac9ef0-6a09-5fc3-b3e7-348f4a276bdc', '9979961e-d907-55a1-9b8b-603ca74b884e', '2014-06-03 08:15:43.055Z', '00000000-0000-0000-0000-000000000000', 1);
-- S1.placeholder first, then its task, child 2
SELECT InsertOrUpdateAsyncTasks(2 /*AddVmFromTemplate*/, 0, 2, 'db082473-a24d-58c4-817c-af50a2d58420', '4eebd181-945e-5884-96cd-ca5320bbe728', '{
  "@class" : "org.ovirt.engine.core.common.action.AddVmFromTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9979961e-d907-55a1-9b8b-603ca74b884e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddVmFromTemplate",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "5b0e22d1",
  "jobId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "15e66593-03f4-5e02-8af0-899f31dd0779"
  } ],
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "makeCreatorExplicitOwner" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "00000000-0000-0000-0000-000000000000"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "shop-01",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "shop-01",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "clone of the golden template",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "shop-01",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "clone of the golden template",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "shop-01",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "52ac9ef0-6a09-5fc3-b3e7-348f4a276bdc"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddVmFromTemplate",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "db082473-a24d-58c4-817c-af50a2d58420"
  } ] ] ],
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "137e2201-9041-5b82-b727-174bad68b6d6"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "df92d353-ba88-5b85-9b27-9df729535de3"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "fb76f913-559f-5d4b-af43-5050e5581dcc"
    } ],
    "diskAlias" : "shop-01_Disk2",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "a2ddcbf8-9d88-593f-9bd9-d9ad7946f0e2"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "fb76f913-559f-5d4b-af43-5050e5581dcc"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2877a815-643b-5d94-ae4f-20500e390772"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateCloneOfTemplateParameters', 'fcf5af3b-c8ed-5896-90c1-2967447d3975', '52ac9ef0-6a09-5fc3-b3e7-348f4a276bdc', '9979961e-d907-55a1-9b8b-603ca74b884e', '2014-06-03 08:15:43.266Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 1);
SELECT InsertAsyncTaskEntities('4eebd181-945e-5884-96cd-ca5320bbe728', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('4eebd181-945e-5884-96cd-ca5320bbe728', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S2.hibernate save image (submitted)
SELECT InsertOrUpdateAsyncTasks(11 /*HibernateVm*/, 0, 2, 'ab1c9586-8670-5149-971c-2fe033b15490', 'd78fb03b-2337-5e09-a958-03c2fae93692', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8f26759a-b0b9-5285-8578-669ce8c62700"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8f26759a-b0b9-5285-8578-669ce8c62700"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '01e16fc1-96b3-5e4c-a05a-8c34f8c07788', '8f26759a-b0b9-5285-8578-669ce8c62700', '8f26759a-b0b9-5285-8578-669ce8c62700', '2014-06-03 08:15:43.477Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('d78fb03b-2337-5e09-a958-03c2fae93692', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S2.hibernate save RAM (placeholder: type 0, no vdsm task and no pool yet)
SELECT InsertOrUpdateAsyncTasks(0 /*Unknown*/, 0, 2, '00000000-0000-0000-0000-000000000000', '5bd4bcac-f9e0-5a4d-a8cc-99d409e49299', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8f26759a-b0b9-5285-8578-669ce8c62700"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8f26759a-b0b9-5285-8578-669ce8c62700"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a468d5b3-241f-5a68-a2f6-62ffeed56d85"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', NULL, '8f26759a-b0b9-5285-8578-669ce8c62700', '8f26759a-b0b9-5285-8578-669ce8c62700', '2014-06-03 08:15:43.688Z', '00000000-0000-0000-0000-000000000000', 3);
-- S3.hibernate task 0 (one command, equal parameters)
SELECT InsertOrUpdateAsyncTasks(11 /*HibernateVm*/, 0, 2, '7a84764b-5ef3-5dbb-a066-5439eec4c102', 'b6050491-afcf-5167-80bb-c04a18e051fe', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '6426428f-fa0a-5518-9b9d-bba44d001ce3', 'cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3', 'cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3', '2014-06-03 08:15:43.899Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('b6050491-afcf-5167-80bb-c04a18e051fe', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S3.hibernate task 1 (one command, equal parameters)
SELECT InsertOrUpdateAsyncTasks(11 /*HibernateVm*/, 0, 2, '903796e1-c31a-5d46-aef2-2115950daff9', 'e6a75afd-7522-5ecd-80c7-5dfb8c682aad', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '{
  "@class" : "org.ovirt.engine.core.common.action.VmOperationParameterBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1edad391-c17f-5ec3-9c28-6207513d8bba"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VmOperationParameterBase', '41c53876-82da-5dfc-bcc4-2df0ea9c0c00', 'cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3', 'cec1ab9b-8cba-53c3-ade0-e5a6fb44acb3', '2014-06-03 08:15:44.110Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
-- S4.remove image 0
SELECT InsertOrUpdateAsyncTasks(4 /*RemoveVm*/, 0, 2, 'e1279850-a809-5ed4-96b6-ba0371acbf72', '58c521c8-b875-56d9-92c5-31162d3a76d8', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "5fa908db-e67e-57c6-aa16-5df6649a03ad"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RemoveVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "c0ffee42",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
  } ],
  "force" : false,
  "removeDisks" : true,
  "removePermissions" : true,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveImageParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "882e6af5-692c-52ff-b9ba-83c4e1a94e81"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a19c35ba-c230-5f9d-9f43-16ba176e9852"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "wipeAfterDelete" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9a2a1579-bb63-5a07-a37f-fb8f40960382"
    } ],
    "diskAlias" : "till-9_Disk0",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "a19c35ba-c230-5f9d-9f43-16ba176e9852"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "9a2a1579-bb63-5a07-a37f-fb8f40960382"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "dbOperationScope" : "IMAGE",
  "shouldLockImage" : true,
  "containerId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveImageParameters', 'b89b7bb3-b26b-537c-8666-3da015b99d9e', '882e6af5-692c-52ff-b9ba-83c4e1a94e81', '5fa908db-e67e-57c6-aa16-5df6649a03ad', '2014-06-03 08:15:44.321Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
SELECT InsertAsyncTaskEntities('58c521c8-b875-56d9-92c5-31162d3a76d8', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S4.remove image 1
SELECT InsertOrUpdateAsyncTasks(4 /*RemoveVm*/, 0, 2, '64f73ed9-3fda-5df6-b4bb-b4b22c8fc518', '4533ecd0-190d-51e2-ba3b-1cde92c362a5', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "5fa908db-e67e-57c6-aa16-5df6649a03ad"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RemoveVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "c0ffee42",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
  } ],
  "force" : false,
  "removeDisks" : true,
  "removePermissions" : true,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveImageParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "f09a086f-31b6-559c-8fe5-890e49801241"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "29ca7bea-c7d1-5c46-aefe-4c401bcc7bcd"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "wipeAfterDelete" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "5aefa9de-a5f0-5240-9386-ca242235ca5a"
    } ],
    "diskAlias" : "till-9_Disk1",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "29ca7bea-c7d1-5c46-aefe-4c401bcc7bcd"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "5aefa9de-a5f0-5240-9386-ca242235ca5a"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "dbOperationScope" : "IMAGE",
  "shouldLockImage" : true,
  "containerId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveImageParameters', '44f5b8e1-3e8a-5c2f-b35d-6de7e42280f5', 'f09a086f-31b6-559c-8fe5-890e49801241', '5fa908db-e67e-57c6-aa16-5df6649a03ad', '2014-06-03 08:15:44.532Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
SELECT InsertAsyncTaskEntities('4533ecd0-190d-51e2-ba3b-1cde92c362a5', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S4.remove image 2
SELECT InsertOrUpdateAsyncTasks(4 /*RemoveVm*/, 0, 2, 'b5971903-41f0-5173-bcd9-e2d30c92de3c', '3101273e-aebd-5362-a448-45614de810fb', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "5fa908db-e67e-57c6-aa16-5df6649a03ad"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RemoveVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "c0ffee42",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
  } ],
  "force" : false,
  "removeDisks" : true,
  "removePermissions" : true,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveImageParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57e8df4c-3167-528d-abe4-4e173da20f77"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "db9f6d75-59bd-5820-8513-1d920f069baa"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "66a30390-385b-5ee8-b4e5-5287ff64120c"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "wipeAfterDelete" : false,
  "diskImage" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "220e0788-9d1a-54e1-a146-aa67182196ad"
    } ],
    "diskAlias" : "till-9_Disk2",
    "diskDescription" : "",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "66a30390-385b-5ee8-b4e5-5287ff64120c"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "220e0788-9d1a-54e1-a146-aa67182196ad"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "dbOperationScope" : "IMAGE",
  "shouldLockImage" : true,
  "containerId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveImageParameters', '4aae37c6-6828-5743-9733-c71b55ca8e1f', '57e8df4c-3167-528d-abe4-4e173da20f77', '5fa908db-e67e-57c6-aa16-5df6649a03ad', '2014-06-03 08:15:44.743Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
SELECT InsertAsyncTaskEntities('3101273e-aebd-5362-a448-45614de810fb', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S5.add disk placeholder
SELECT InsertOrUpdateAsyncTasks(31 /*AddDisk*/, 0, 2, '00000000-0000-0000-0000-000000000000', '3924b8a2-b1cb-54e2-b4f1-069d2c2f3877', '{
  "@class" : "org.ovirt.engine.core.common.action.AddDiskParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "eb937f9f-46a3-5441-9846-8688c837bf30"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "AddDisk",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "3563157b-9331-5326-a2ae-5da54006a7a0"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "dd2bf8e7-2abd-5a25-9929-085a96ecbef5"
  } ],
  "diskInfo" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "3563157b-9331-5326-a2ae-5da54006a7a0"
    } ],
    "diskAlias" : "till-3_Disk2",
    "diskDescription" : "scratch space",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "6471a010-153b-5630-8033-4a366e8d9e43"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "3563157b-9331-5326-a2ae-5da54006a7a0"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "snapshotId" : null,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "plugDiskToVm" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddDiskParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.AddImageFromScratchParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "b2a75db4-6158-5166-abf0-1dab01f2d21a"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "AddDisk",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "3563157b-9331-5326-a2ae-5da54006a7a0"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "6471a010-153b-5630-8033-4a366e8d9e43"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "masterVmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskInfo" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "3563157b-9331-5326-a2ae-5da54006a7a0"
    } ],
    "diskAlias" : "till-3_Disk2",
    "diskDescription" : "scratch space",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "6471a010-153b-5630-8033-4a366e8d9e43"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "3563157b-9331-5326-a2ae-5da54006a7a0"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  },
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.AddImageFromScratchParameters', NULL, 'b2a75db4-6158-5166-abf0-1dab01f2d21a', 'eb937f9f-46a3-5441-9846-8688c837bf30', '2014-06-03 08:15:44.954Z', '00000000-0000-0000-0000-000000000000', 3);
-- S6.memory task 0 of the root itself
SELECT InsertOrUpdateAsyncTasks(206 /*CreateAllSnapshotsFromVm*/, 0, 2, 'b6746175-5329-5ffe-989a-0ef5b651dfe0', '0c1c22c8-6ce3-52a4-b3b3-25d8cabfcf21', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57211ece-187b-5c5d-8c7d-4ba32aa492b9"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "7e57ab1e",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
  } ],
  "description" : "before \"upgrade\"",
  "needsLocking" : true,
  "snapshotType" : "REGULAR",
  "saveMemory" : true,
  "disks" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57211ece-187b-5c5d-8c7d-4ba32aa492b9"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "7e57ab1e",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
  } ],
  "description" : "before \"upgrade\"",
  "needsLocking" : true,
  "snapshotType" : "REGULAR",
  "saveMemory" : true,
  "disks" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', '659494ba-a42b-54ce-bdc6-7db1e82c39fd', '57211ece-187b-5c5d-8c7d-4ba32aa492b9', '57211ece-187b-5c5d-8c7d-4ba32aa492b9', '2014-06-03 08:15:45.165Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('0c1c22c8-6ce3-52a4-b3b3-25d8cabfcf21', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S6.memory task 1 of the root itself
SELECT InsertOrUpdateAsyncTasks(206 /*CreateAllSnapshotsFromVm*/, 0, 2, '25e25a7a-9ad3-544b-a6e4-66e5522b0749', 'fc327ed2-bc58-567b-8655-73e757679e98', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57211ece-187b-5c5d-8c7d-4ba32aa492b9"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "7e57ab1e",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
  } ],
  "description" : "before \"upgrade\"",
  "needsLocking" : true,
  "snapshotType" : "REGULAR",
  "saveMemory" : true,
  "disks" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57211ece-187b-5c5d-8c7d-4ba32aa492b9"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "7e57ab1e",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
  } ],
  "description" : "before \"upgrade\"",
  "needsLocking" : true,
  "snapshotType" : "REGULAR",
  "saveMemory" : true,
  "disks" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', 'edf53d71-ebd9-5c83-98bd-8082d7955658', '57211ece-187b-5c5d-8c7d-4ba32aa492b9', '57211ece-187b-5c5d-8c7d-4ba32aa492b9', '2014-06-03 08:15:45.376Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('fc327ed2-bc58-567b-8655-73e757679e98', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S6.snapshot of child 0
SELECT InsertOrUpdateAsyncTasks(206 /*CreateAllSnapshotsFromVm*/, 0, 2, '3585a272-f41d-5bd8-b9ae-17e228adae43', '855ee9ab-5a24-5698-88a9-5af372a077c7', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57211ece-187b-5c5d-8c7d-4ba32aa492b9"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "7e57ab1e",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
  } ],
  "description" : "before \"upgrade\" D:\\images\\x",
  "needsLocking" : true,
  "snapshotType" : "REGULAR",
  "saveMemory" : true,
  "disks" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.ImagesActionsParametersBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "2976b776-c368-59c2-aa93-2901705f5dd1"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "CreateAllSnapshotsFromVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "3585a272-f41d-5bd8-b9ae-17e228adae43"
  } ] ] ],
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ea9230b5-f52a-55a4-b1b0-57536f0ca20e"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "87f036c4-b7ba-5452-b3bd-e03a23ffd3f8"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImagesActionsParametersBase', 'bca42fdc-ab20-53d2-b84f-616f090ed4be', '2976b776-c368-59c2-aa93-2901705f5dd1', '57211ece-187b-5c5d-8c7d-4ba32aa492b9', '2014-06-03 08:15:45.587Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('855ee9ab-5a24-5698-88a9-5af372a077c7', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('855ee9ab-5a24-5698-88a9-5af372a077c7', '87f036c4-b7ba-5452-b3bd-e03a23ffd3f8', 'Storage');
-- S6.snapshot of child 1
SELECT InsertOrUpdateAsyncTasks(206 /*CreateAllSnapshotsFromVm*/, 0, 2, '19c58412-ab2d-5d4c-baaa-92c09b4d99c5', 'e816530b-5855-50e0-90c7-ed8345031dea', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "57211ece-187b-5c5d-8c7d-4ba32aa492b9"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "7e57ab1e",
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
  } ],
  "description" : "before \"upgrade\" D:\\images\\x",
  "needsLocking" : true,
  "snapshotType" : "REGULAR",
  "saveMemory" : true,
  "disks" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.ImagesActionsParametersBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "7ff9b3d7-4dc9-5a7f-b618-97b8546eeb11"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "CreateAllSnapshotsFromVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "260625f6-c2a2-587b-829a-6046492a22cc"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "19c58412-ab2d-5d4c-baaa-92c09b4d99c5"
  } ] ] ],
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1f5ffaf4-b290-5059-b157-fe2474621a6e"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "eba92660-5d32-5f8b-aed5-741dc52deefd"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImagesActionsParametersBase', 'fe642fd9-a2fd-5e39-9874-b81243e16130', '7ff9b3d7-4dc9-5a7f-b618-97b8546eeb11', '57211ece-187b-5c5d-8c7d-4ba32aa492b9', '2014-06-03 08:15:45.798Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('e816530b-5855-50e0-90c7-ed8345031dea', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('e816530b-5855-50e0-90c7-ed8345031dea', 'eba92660-5d32-5f8b-aed5-741dc52deefd', 'Storage');
-- S7.merge 0
SELECT InsertOrUpdateAsyncTasks(210 /*RemoveSnapshot*/, 0, 2, '716d58fd-dec4-5347-879d-8d90d3bab25a', '8305ffce-7fc7-5d1e-80f8-577611660fb5', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveSnapshotParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "43b13a1f-09bb-5e56-9360-8f857fdaea7e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RemoveSnapshot",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
  } ],
  "snapshotId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "657a30ba-918c-5398-8cb8-d7a7a61da225"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveSnapshotParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.ImagesContainterParametersBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "62d07157-77fd-5afb-8b05-41b9c3f94b68"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveSnapshot",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "b81f2ecd-fb02-590e-b5cb-8f8c6d3d4b38"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "wipeAfterDelete" : false,
  "containerId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImagesContainterParametersBase', '57e5ab3a-acbb-58bd-944b-c9ee96ecd8c4', '62d07157-77fd-5afb-8b05-41b9c3f94b68', '43b13a1f-09bb-5e56-9360-8f857fdaea7e', '2014-06-03 08:15:46.009Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 6);
SELECT InsertAsyncTaskEntities('8305ffce-7fc7-5d1e-80f8-577611660fb5', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S7.merge 1
SELECT InsertOrUpdateAsyncTasks(210 /*RemoveSnapshot*/, 0, 2, '70bbe4bc-36d6-5bdf-a8e9-d7eda31a10fc', 'b48126ff-9ba4-5051-9460-7882b5afdb00', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveSnapshotParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "43b13a1f-09bb-5e56-9360-8f857fdaea7e"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RemoveSnapshot",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
  } ],
  "snapshotId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "657a30ba-918c-5398-8cb8-d7a7a61da225"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveSnapshotParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.ImagesContainterParametersBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "28c7ff45-8d79-5e67-806e-4c6e7e5936c4"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveSnapshot",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9c49e228-3201-57c5-a648-94b9ff773a7a"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "wipeAfterDelete" : false,
  "containerId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "b1403601-2ec5-56dc-b5e6-6108ee180857"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImagesContainterParametersBase', '35b626fb-0d80-53c9-937c-38b61f3412d4', '28c7ff45-8d79-5e67-806e-4c6e7e5936c4', '43b13a1f-09bb-5e56-9360-8f857fdaea7e', '2014-06-03 08:15:46.220Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 6);
SELECT InsertAsyncTaskEntities('b48126ff-9ba4-5051-9460-7882b5afdb00', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S8.import copy 0 (Unicode, control characters, more than 2 KB)
SELECT InsertOrUpdateAsyncTasks(36 /*ImportVm*/, 0, 2, '26c5f5ee-c6b7-5a51-8747-1f4b115ebd6c', '5376009d-03da-56bc-80a8-64a5c162c821', '{
  "@class" : "org.ovirt.engine.core.common.action.ImportVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "0467298c-db3d-5507-8925-fcec7ce2a5e7"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "ImportVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "0ddba11",
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "importAsNewEntity" : false,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "Büro-日本語-😀",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "Büro-日本語-😀",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "Notiz: \"zitiert\", back\\slash, ''quote'', $$, $body$, %s, tab\tnewline\nreturn\rbell\u0007nul\u0000unit\u001F del, emoji 🚀👨‍👩, ‏rtl עברית, ls ps , é é ﬁ, planes 中 𐍈 𠮷 𰀀 󠁁 󱈴 􏿽, bom﻿",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "Büro-日本語-😀",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "Notiz: \"zitiert\", back\\slash, ''quote'', $$, $body$, %s, tab\tnewline\nreturn\rbell\u0007nul\u0000unit\u001F del, emoji 🚀👨‍👩, ‏rtl עברית, ls ps , é é ﬁ, planes 中 𐍈 𠮷 𰀀 󠁁 󱈴 􏿽, bom﻿",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "Büro-日本語-😀",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "clusterId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImportVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.MoveOrCopyImageGroupParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "997b8b2d-42b9-54c0-bf8e-8c0a9f94b3a0"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "ImportVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "bb7994df-f8c1-5796-8f68-efc7de2aeff0"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "operation" : "Copy",
  "volumeFormat" : "COW",
  "volumeType" : "Sparse",
  "sourceDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "containerId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.MoveOrCopyImageGroupParameters', 'b6ee95a9-f7ba-521f-97df-9855bdb95fb2', '997b8b2d-42b9-54c0-bf8e-8c0a9f94b3a0', '0467298c-db3d-5507-8925-fcec7ce2a5e7', '2014-06-03 08:15:46.431Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 1);
SELECT InsertAsyncTaskEntities('5376009d-03da-56bc-80a8-64a5c162c821', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('5376009d-03da-56bc-80a8-64a5c162c821', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S8.import copy 1 (Unicode, control characters, more than 2 KB)
SELECT InsertOrUpdateAsyncTasks(36 /*ImportVm*/, 0, 2, 'f9484355-b35b-5127-ad29-eab556dead87', '73c04c02-fb02-5d75-8880-1f39730afd43', '{
  "@class" : "org.ovirt.engine.core.common.action.ImportVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "0467298c-db3d-5507-8925-fcec7ce2a5e7"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "ImportVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : "0ddba11",
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "importAsNewEntity" : true,
  "vm" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.VM",
    "vmPayload" : null,
    "balloonEnabled" : true,
    "snapshots" : [ "java.util.ArrayList", [ ] ],
    "initializationType" : "None",
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "diskMap" : [ "java.util.HashMap", { } ],
    "cdPath" : "",
    "diskSize" : 0.0,
    "name" : "Büro-日本語-😀",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
    } ],
    "staticData" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmStatic",
      "name" : "Büro-日本語-😀",
      "interfaces" : [ "java.util.ArrayList", [ ] ],
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
      } ],
      "vdsGroupId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
      } ],
      "osId" : 5,
      "creationDate" : 1398000000000,
      "description" : "Notiz: \"zitiert\", back\\slash, ''quote'', $$, $body$, %s, tab\tnewline\nreturn\rbell\u0007nul\u0000unit\u001F del, emoji 🚀👨‍👩, ‏rtl עברית, ls ps , é é ﬁ, planes 中 𐍈 𠮷 𰀀 󠁁 󱈴 􏿽, bom﻿",
      "memSizeMb" : 2048
    },
    "dynamicData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
      } ],
      "status" : "ImageLocked",
      "exitStatus" : "Normal",
      "vmHost" : "Büro-日本語-😀",
      "guestCurrentUserName" : null
    },
    "statisticsData" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
      } ],
      "cpu_user" : 0.0
    },
    "vmDescription" : "Notiz: \"zitiert\", back\\slash, ''quote'', $$, $body$, %s, tab\tnewline\nreturn\rbell\u0007nul\u0000unit\u001F del, emoji 🚀👨‍👩, ‏rtl עברית, ls ps , é é ﬁ, planes 中 𐍈 𠮷 𰀀 󠁁 󱈴 􏿽, bom﻿",
    "vmInit" : {
      "@class" : "org.ovirt.engine.core.common.businessentities.VmInit",
      "hostname" : "Büro-日本語-😀",
      "rootPassword" : "not-a-real-password",
      "sshKey" : "ssh-rsa AAAAB3-not-a-real-key"
    }
  },
  "clusterId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e1435ab4-8df2-5805-882d-c6d2d4d35d04"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImportVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.MoveOrCopyImageGroupParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "0df6d62d-919a-5223-a3ae-5547cbf62a11"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "ImportVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "4a86cf1d-a455-561c-b589-1613a8a0cec4"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "operation" : "Copy",
  "volumeFormat" : "COW",
  "volumeType" : "Sparse",
  "sourceDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "containerId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ce764108-eca2-58f1-a99d-df3d0c04f8d9"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.MoveOrCopyImageGroupParameters', '8ce0d004-813a-532e-9a56-088473766ccf', '0df6d62d-919a-5223-a3ae-5547cbf62a11', '0467298c-db3d-5507-8925-fcec7ce2a5e7', '2014-06-03 08:15:46.642Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 1);
SELECT InsertAsyncTaskEntities('73c04c02-fb02-5d75-8880-1f39730afd43', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
SELECT InsertAsyncTaskEntities('73c04c02-fb02-5d75-8880-1f39730afd43', 'e535ae00-62aa-51f4-b84e-29e8f7bc2ac0', 'Storage');
-- S9.live migration, step 0 of the same command
SELECT InsertOrUpdateAsyncTasks(1010 /*LiveMigrateDisk*/, 0, 2, 'ec1f748b-1f59-552d-b9a4-ffdd5836478c', '79769e2c-2f9f-5c6a-bfbc-8115b2c49e92', '{
  "@class" : "org.ovirt.engine.core.common.action.LiveMigrateDiskParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8e6afdfe-aa22-59f9-936b-9c0a67148504"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "LiveMigrateDisk",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "operation" : "Move",
  "sourceDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cef1e60c-d11c-5e65-bfaf-9ab3e33257e0"
  } ],
  "targetStorageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.LiveMigrateDiskParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.LiveMigrateDiskParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8e6afdfe-aa22-59f9-936b-9c0a67148504"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "LiveMigrateDisk",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "operation" : "Move",
  "sourceDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cef1e60c-d11c-5e65-bfaf-9ab3e33257e0"
  } ],
  "targetStorageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.LiveMigrateDiskParameters', '3f4b1ae5-7eae-56b2-8287-7008cc62a8ad', '8e6afdfe-aa22-59f9-936b-9c0a67148504', '8e6afdfe-aa22-59f9-936b-9c0a67148504', '2014-06-03 08:15:46.853Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 7);
-- S9.live migration, step 1 of the same command
SELECT InsertOrUpdateAsyncTasks(1010 /*LiveMigrateDisk*/, 0, 2, 'b2747578-fec1-50b1-b05c-d2837681c1fa', '5b25d7f5-3146-581f-ad08-c086e21b1884', '{
  "@class" : "org.ovirt.engine.core.common.action.LiveMigrateDiskParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8e6afdfe-aa22-59f9-936b-9c0a67148504"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "LiveMigrateDisk",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 1,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "operation" : "Move",
  "sourceDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cef1e60c-d11c-5e65-bfaf-9ab3e33257e0"
  } ],
  "targetStorageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.LiveMigrateDiskParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.LiveMigrateDiskParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8e6afdfe-aa22-59f9-936b-9c0a67148504"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "LiveMigrateDisk",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 1,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "11d4457e-2514-5fac-b431-de507a8304ad"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "operation" : "Move",
  "sourceDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "cef1e60c-d11c-5e65-bfaf-9ab3e33257e0"
  } ],
  "targetStorageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.LiveMigrateDiskParameters', '80d21450-baff-5a3d-8cf6-61f2da71f3af', '8e6afdfe-aa22-59f9-936b-9c0a67148504', '8e6afdfe-aa22-59f9-936b-9c0a67148504', '2014-06-03 08:15:47.064Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 8);
-- S10.action_parameters of more than a megabyte
SELECT InsertOrUpdateAsyncTasks(206 /*CreateAllSnapshotsFromVm*/, 0, 2, 'f39ecab0-6bdf-52dc-ac53-c3d12832ae2e', '412c7bf6-7612-5b1e-8ff2-912ff847ff38', '{
  "@class" : "org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "6cb7d044-ab93-5c84-abd8-b1d368429fae"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "CreateAllSnapshotsFromVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ea820af3-56f6-546b-b434-7259c86ede7d"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ea820af3-56f6-546b-b434-7259c86ede7d"
  } ],
  "description" : "many disks",
  "snapshotType" : "REGULAR",
  "saveMemory" : false,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
  } ],
  "disks" : [ "java.util.ArrayList", [ ' || (SELECT string_agg(replace('{
    "@class" : "org.ovirt.engine.core.common.businessentities.DiskImage",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "36ef2ed4-7f4a-58d7-a3d8-bf5096d40df0"
    } ],
    "diskAlias" : "many_Disk@number@",
    "diskDescription" : "LUN @number@ — ''\"\\",
    "shareable" : false,
    "diskInterface" : "VirtIO",
    "wipeAfterDelete" : false,
    "propagateErrors" : "Off",
    "boot" : true,
    "sgio" : null,
    "image" : {
      "id" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "f268bb2f-c1f7-56e5-a1d2-08d7cd6b6502"
      } ],
      "active" : true,
      "creationDate" : 1398000000000,
      "lastModified" : 1398000360000,
      "parentId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "templateImageId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "00000000-0000-0000-0000-000000000000"
      } ],
      "snapshotId" : null,
      "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
        "uuid" : "36ef2ed4-7f4a-58d7-a3d8-bf5096d40df0"
      } ],
      "status" : "OK",
      "volumeType" : "Sparse",
      "size" : 4294967296,
      "volumeFormat" : "COW"
    },
    "actualSizeInBytes" : 536870912,
    "snapshots" : [ ],
    "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "9ec5ff60-e930-58aa-94bd-e11d5fd0f821"
    } ],
    "storageIds" : [ [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
    } ] ],
    "actualSize" : 0.5,
    "imageStatus" : "OK",
    "readRate" : 0,
    "writeRate" : 0,
    "size" : 4294967296,
    "sizeInGigabytes" : 4,
    "diskStorageType" : "IMAGE"
  }', '@number@', n::text), ', ' ORDER BY n) FROM generate_series(1, 800) AS n) || ' ] ],
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.CreateAllSnapshotsFromVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.ImagesActionsParametersBase",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "d3e855b6-1bc6-562e-8854-0086570aef8c"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "CreateAllSnapshotsFromVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ea820af3-56f6-546b-b434-7259c86ede7d"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17eaf6d9-47e4-5e34-8dce-9d5667dab570"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ImagesActionsParametersBase', '18a1bd63-8ca3-5bc1-b8ab-ac3501b42aff', 'd3e855b6-1bc6-562e-8854-0086570aef8c', '6cb7d044-ab93-5c84-abd8-b1d368429fae', '2014-06-03 08:15:47.275Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3);
SELECT InsertAsyncTaskEntities('412c7bf6-7612-5b1e-8ff2-912ff847ff38', '17cf354a-1171-513c-8568-c591494dde8d', 'Storage');
-- S11.unknown task found on the SPM 0
SELECT InsertOrUpdateAsyncTasks(0 /*Unknown*/, 0, 2, '4ed46e00-a022-5d21-823c-ccbd210aa228', '068c2aae-c77b-5741-bf4c-7c1db8e5fad0', '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, '0b3febee-2d9d-5ad7-afc8-5cd88f1ffe08', '31e0f739-2b08-5843-b592-019bdca756f8', '2014-06-03 08:15:47.486Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 2);
-- S11.unknown task found on the SPM 1
SELECT InsertOrUpdateAsyncTasks(0 /*Unknown*/, 0, 2, 'fb526a3b-6cb4-574f-9d8d-b6a4cbd9484d', 'f7798c55-6240-5ca1-8e5c-43d1810eb78d', '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, 'c5845474-0088-5c82-bada-4545640e7fe7', '95765ed0-0fa4-542f-b607-057ec5014f9c', '2014-06-03 08:15:47.697Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 0);
-- S12.root_command_id NULL
SELECT InsertOrUpdateAsyncTasks(230 /*RemoveDisk*/, 0, 2, 'f556ee79-c1ba-56b9-969c-d62dcefe71b7', '333ddb3c-c460-59b9-ab7f-890322e85695', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveDiskParameters",
  "commandId" : null,
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RemoveDisk",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "diskId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "0c641ef4-9a5e-5c61-b92e-503a0818f860"
  } ],
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "17cf354a-1171-513c-8568-c591494dde8d"
  } ],
  "forceDelete" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveDiskParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveImageParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "48e296e8-6417-5c2a-b3ed-a867728610e5"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveDisk",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "0c641ef4-9a5e-5c61-b92e-503a0818f860"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "6dfe5b54-c1e4-5af3-b535-e8e033a5adb8"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : null,
  "dbOperationScope" : "IMAGE",
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveImageParameters', NULL, '48e296e8-6417-5c2a-b3ed-a867728610e5', NULL, '2014-06-03 08:15:47.908Z', 'dc019716-fd86-530a-ba33-6eb1d9be18c5', 5);
-- S13.ExportVm, its own root
SELECT InsertOrUpdateAsyncTasks(23 /*ExportVm*/, 0, 2, '120354fa-3223-5f6a-bd75-ff90c0b97b36', '08a60987-39fe-54b6-80d6-55137adf5cd3', '{
  "@class" : "org.ovirt.engine.core.common.action.MoveOrCopyParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "7dc7c377-79ca-5f2a-9466-0d37ef65d298"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "containerId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
  } ],
  "forceOverride" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.MoveOrCopyParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.MoveOrCopyParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "7dc7c377-79ca-5f2a-9466-0d37ef65d298"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "e535ae00-62aa-51f4-b84e-29e8f7bc2ac0"
  } ],
  "containerId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
  } ],
  "forceOverride" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.MoveOrCopyParameters', 'b8cee820-8808-5507-b763-c3d25be62e61', '7dc7c377-79ca-5f2a-9466-0d37ef65d298', '7dc7c377-79ca-5f2a-9466-0d37ef65d298', '2014-06-03 08:15:48.119Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 1);
-- S13.RemoveMemoryVolumes task 0
SELECT InsertOrUpdateAsyncTasks(234 /*RemoveMemoryVolumes*/, 0, 2, '2e9f5c35-d216-5f39-a321-c0a9b83f9076', 'd245bf2c-4a31-501a-9762-a6275098e9bd', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a83f0ed6-a8ac-5324-b46a-8b2de7395b5f"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "memoryVolumes" : "17cf354a-1171-513c-8568-c591494dde8d,9ec5ff60-e930-58aa-94bd-e11d5fd0f821,fd06e2d6-7afd-5ce4-95f4-281f912474e1,e7b56a4b-0d14-5932-8b70-4d44093b2499",
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
  } ],
  "removeOnlyIfNotUsedAtAll" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a83f0ed6-a8ac-5324-b46a-8b2de7395b5f"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "memoryVolumes" : "17cf354a-1171-513c-8568-c591494dde8d,9ec5ff60-e930-58aa-94bd-e11d5fd0f821,fd06e2d6-7afd-5ce4-95f4-281f912474e1,e7b56a4b-0d14-5932-8b70-4d44093b2499",
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
  } ],
  "removeOnlyIfNotUsedAtAll" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters', NULL, 'a83f0ed6-a8ac-5324-b46a-8b2de7395b5f', 'a83f0ed6-a8ac-5324-b46a-8b2de7395b5f', '2014-06-03 08:15:48.330Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
-- S13.RemoveMemoryVolumes task 1
SELECT InsertOrUpdateAsyncTasks(234 /*RemoveMemoryVolumes*/, 0, 2, 'e0da0ef6-4b5e-53fc-a0e8-9d59521c0d6f', 'bdabfa40-66ce-57f1-92e0-98a234d90370', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a83f0ed6-a8ac-5324-b46a-8b2de7395b5f"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "memoryVolumes" : "17cf354a-1171-513c-8568-c591494dde8d,9ec5ff60-e930-58aa-94bd-e11d5fd0f821,fd06e2d6-7afd-5ce4-95f4-281f912474e1,e7b56a4b-0d14-5932-8b70-4d44093b2499",
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
  } ],
  "removeOnlyIfNotUsedAtAll" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a83f0ed6-a8ac-5324-b46a-8b2de7395b5f"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "memoryVolumes" : "17cf354a-1171-513c-8568-c591494dde8d,9ec5ff60-e930-58aa-94bd-e11d5fd0f821,fd06e2d6-7afd-5ce4-95f4-281f912474e1,e7b56a4b-0d14-5932-8b70-4d44093b2499",
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "1d5512be-93ee-57e6-b260-2fd44c849762"
  } ],
  "removeOnlyIfNotUsedAtAll" : false,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveMemoryVolumesParameters', NULL, 'a83f0ed6-a8ac-5324-b46a-8b2de7395b5f', 'a83f0ed6-a8ac-5324-b46a-8b2de7395b5f', '2014-06-03 08:15:48.541Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
-- S13.ExtendImageSize, type 0 although submitted
SELECT InsertOrUpdateAsyncTasks(0 /*Unknown*/, 0, 2, '08080c12-26d1-5ccd-b0bb-6f7a66aad71b', '41061d2d-7092-56d2-907b-a6f2356257da', '{
  "@class" : "org.ovirt.engine.core.common.action.ExtendImageSizeParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ea801da-938f-5cde-bdb8-3788d898397d"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "8ff1b36a-3913-5b2f-a685-182952628712"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8ff1b36a-3913-5b2f-a685-182952628712"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "newSize" : 34359738368,
  "newSizeInGB" : 32,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ExtendImageSizeParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.ExtendImageSizeParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "9ea801da-938f-5cde-bdb8-3788d898397d"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "Disk",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "8ff1b36a-3913-5b2f-a685-182952628712"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "8ff1b36a-3913-5b2f-a685-182952628712"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "newSize" : 34359738368,
  "newSizeInGB" : 32,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.ExtendImageSizeParameters', NULL, '9ea801da-938f-5cde-bdb8-3788d898397d', '9ea801da-938f-5cde-bdb8-3788d898397d', '2014-06-03 08:15:48.752Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 9);
-- S14.task of the middle, whose root is the top
SELECT InsertOrUpdateAsyncTasks(224 /*RestoreAllSnapshots*/, 0, 2, 'fa790b69-bdad-5bd7-a83e-a36f9639d6fe', '2457c1e0-2cb8-5af1-ba85-cc9523f6d28b', '{
  "@class" : "org.ovirt.engine.core.common.action.RestoreAllSnapshotsParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "7d22fc8a-55e1-5f1b-8cf3-56a51da33adb"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "RestoreAllSnapshots",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
  } ],
  "snapshotAction" : "UNDO",
  "snapshotId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RestoreAllSnapshotsParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "de92a718-ec81-5702-8733-5546a65fb172"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RestoreAllSnapshots",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
  } ],
  "force" : true,
  "removeDisks" : true,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveVmParameters', NULL, 'de92a718-ec81-5702-8733-5546a65fb172', '7d22fc8a-55e1-5f1b-8cf3-56a51da33adb', '2014-06-03 08:15:48.963Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
-- S14.task of the leaf, whose root is the middle
SELECT InsertOrUpdateAsyncTasks(4 /*RemoveVm*/, 0, 2, '7733b37a-e85e-573e-8e07-14ccbc70110e', 'f5984811-22a1-538e-9341-62c0d24184ce', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "de92a718-ec81-5702-8733-5546a65fb172"
  } ],
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ab9d19ca-7170-5597-8865-f1bff703c03c"
    } ],
    "externalId" : null,
    "domain" : "example.org",
    "loginName" : "operator",
    "firstName" : "Olga",
    "lastName" : "Operator",
    "department" : "",
    "role" : "",
    "email" : "operator@example.org",
    "note" : "",
    "active" : true,
    "groupNames" : "",
    "groupIds" : "",
    "admin" : true,
    "group" : false
  },
  "compensationEnabled" : false,
  "parentCommand" : "RestoreAllSnapshots",
  "commandType" : "RemoveVm",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
  } ],
  "force" : true,
  "removeDisks" : true,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveVmParameters', '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveImageParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "36402e0d-2f73-5152-bacb-36150735771b"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "RemoveVm",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : {
    "type" : "VM",
    "id" : [ "org.ovirt.engine.core.compat.Guid", {
      "uuid" : "ea329fb1-6a13-52d0-9bdc-5cc772908b94"
    } ]
  },
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "vdsId" : null,
  "storagePoolId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "forceDelete" : false,
  "storageDomainId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "isInternal" : false,
  "quotaId" : null,
  "imageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "d57c1c5f-6d96-5508-bbf5-d15c888e7d0e"
  } ],
  "destinationImageId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "diskAlias" : null,
  "description" : null,
  "oldLastModifiedValue" : null,
  "vmSnapshotId" : null,
  "imageGroupID" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "importEntity" : false,
  "leaveLocked" : false,
  "diskImage" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveImageParameters', NULL, '36402e0d-2f73-5152-bacb-36150735771b', 'de92a718-ec81-5702-8733-5546a65fb172', '2014-06-03 08:15:49.174Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5);
-- ---- what 3.4 does not write itself: older versions, test data, damage ----
-- X1.before 3.3: no task parameters, vdsm_task_id and root_command_id NULL
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('6f2e75d3-41db-50bb-af83-56145ce327cf', 4, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.RemoveVmParameters",
  "commandId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "aa8d759f-a38d-5dad-9292-b086687daf06"
  } ],
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "quotaId" : null,
  "vmId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "563c4fe4-af77-54ce-aef3-74b92c13af24"
  } ],
  "force" : true,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.RemoveVmParameters', NULL, 'aa8d759f-a38d-5dad-9292-b086687daf06', '2013-03-17 09:26:53.589Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5, NULL, NULL, NULL, NULL);
-- X2.before 3.1: command_id all zero, parameters without a class, never started
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('64121f64-42d8-5afd-9c9c-834d28c97343', 211, 2, 0, '{what the bytea column held}', NULL, NULL, '00000000-0000-0000-0000-000000000000', NULL, NULL, 0, NULL, NULL, NULL, NULL);
-- X3.test data 1: no parameters at all, a root that is nowhere and shared
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('90bfb5dd-b2ea-522c-adde-e5ec041efa09', 1, 2, 0, NULL, NULL, NULL, '17094496-34f6-5592-ab23-f1b96281a135', '2010-11-30 23:59:59+00', 'dc019716-fd86-530a-ba33-6eb1d9be18c5', 3, NULL, NULL, 'a06db1ba-0556-5a09-b5f4-d34856f54520', '201380ac-4cb9-59ba-b382-7c99bd1d8190');
-- X4.test data 2
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('557279c9-d49d-522b-8fec-1e38ff547fb5', 1, 2, 0, NULL, NULL, NULL, 'bf32bf6c-2247-5996-8a37-0684e5fa278b', '2010-11-30 23:59:59+00', 'dc019716-fd86-530a-ba33-6eb1d9be18c5', 3, NULL, NULL, '284983e0-4314-54a6-a778-db0df59581d5', '201380ac-4cb9-59ba-b382-7c99bd1d8190');
-- X5.command and root all zero, with parameters
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('5f53d4e7-5aa2-5e13-b480-554d59252ab7', 12, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, '00000000-0000-0000-0000-000000000000', '2014-06-03 08:20:00.000Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '6d2881a5-f17f-5f58-85f7-edc0ad75f627', '00000000-0000-0000-0000-000000000000');
-- X6.root all zero
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('01b022e7-fae8-5780-9872-efec0779149f', 31, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, '553c5c29-7d16-5e0c-b07e-09e26bc1c458', '2014-06-03 08:20:00.001Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '62e63b6e-f6fa-5467-8e9d-5ea8764785a9', '00000000-0000-0000-0000-000000000000');
-- X7.cycle A: its root is B
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('11d12a86-cd0b-56e3-b83a-66fd3f03d307', 4, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, 'efd97130-6bb4-5a0f-81b5-37bb0597c568', '2014-06-03 08:20:00.002Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '53fb10f6-f63a-5486-b7b2-3e39b2de88a0', 'e9070ba0-d528-506d-a3c0-e2665bfe6d58');
-- X8.cycle B: its root is A
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('c5ab477a-f0e1-50d8-8338-80bb86912eae', 211, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, 'e9070ba0-d528-506d-a3c0-e2665bfe6d58', '2014-06-03 08:20:00.003Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '91d92b8e-172a-583a-a25a-a81fc0c3c04a', 'efd97130-6bb4-5a0f-81b5-37bb0597c568');
-- X9.conflict: one command with two roots (1)
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('7e068645-72f5-50d9-bbc1-c1f73a1b998d', 226, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, '0f30e1b8-c5cb-589d-b5dd-43e45aa25dcb', '2014-06-03 08:20:00.004Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 2, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', 'b5060e57-062c-551a-90d7-53332786ecf7', '53812e1c-f305-5638-ab1f-016565ab83eb');
-- X10.conflict: one command with two roots (2)
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('d888a253-d323-51d5-b076-55d5cc80d645', 226, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, '0f30e1b8-c5cb-589d-b5dd-43e45aa25dcb', '2014-06-03 08:20:00.005Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 2, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', 'bb0b551f-4b73-5403-9295-1d6f99f3065d', '965aaf31-a248-5b88-99ec-ccfbc7855183');
-- X11.conflict: one root with two types, classes and texts (1), space at the end
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('f71ba7c5-f80f-5933-80fc-cc55070699fe', 2, 2, 0, '{
  "@class" : "a"
} 
	', 'org.ovirt.engine.core.common.action.AddVmFromTemplateParameters', NULL, '1533f891-0929-5487-b704-04107d02afa6', '2014-06-03 08:20:00.006Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '81a9e713-23f7-53fd-8e0c-f9359f1bb308', 'bff5a1c2-adb3-5f8a-a823-15c6e657cb55');
-- X12.conflict (2): same start; doubled key, NUL and half a surrogate pair: JSON but not jsonb
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('2bd05a52-9d4e-5d16-b890-c4fd7a71e58d', 1, 2, 0, '{"@class":"b","n":1,"n":2,"d":2.50,"t":"\u0000\udc00"}', 'org.ovirt.engine.core.common.action.VmManagementParametersBase', NULL, 'd2b0d1ca-54f8-5bbf-ad68-b08a00d97614', '2014-06-03 08:20:00.006Z', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 3, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '81381a15-2d80-57b2-b61f-8b18af8a9b10', 'bff5a1c2-adb3-5f8a-a823-15c6e657cb55');
-- X13.empty strings, class without text, root NULL
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('bbe7e0dc-8844-57f1-99bb-4f355affd092', 207, 2, 0, '', '', NULL, '26429b5f-9619-51f8-9114-e004cbd2980e', '2014-06-03 08:20:00.007Z', NULL, 3, NULL, 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '63df53f8-5165-515a-83e4-1c9bab74a6c8', NULL);
-- X14.a type that no engine knows, a class that is gone, a step without a job, vdsm id of X13
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('c9c574f8-57d4-501a-b486-b9629cd81b8e', 2147483647, 2, 0, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.example.plugin.Parameters', '914e5045-c597-5ce0-81c6-e3a81a064eeb', '8471181f-b8a5-5026-8ab7-47d2d42796d4', 'infinity', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 9, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', '63df53f8-5165-515a-83e4-1c9bab74a6c8', '8471181f-b8a5-5026-8ab7-47d2d42796d4');
-- X15.aborting and failed long ago: a zombie
INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
VALUES ('5ce91348-5c3c-5f64-9503-bfe35058d441', 4, 4, 3, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', NULL, 'a600385f-08e8-58f9-8550-1ea125ab020a', '2012-02-29 12:34:56.789012-03:30', '9ec5ff60-e930-58aa-94bd-e11d5fd0f821', 5, '{
  "@class" : "org.ovirt.engine.core.common.action.VdcActionParametersBase",
  "commandId" : null,
  "parametersCurrentUser" : null,
  "compensationEnabled" : false,
  "parentCommand" : "Unknown",
  "commandType" : "Unknown",
  "multipleAction" : false,
  "entityInfo" : null,
  "taskGroupSuccess" : true,
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "correlationId" : null,
  "jobId" : null,
  "stepId" : null,
  "sessionId" : "",
  "shouldBeLogged" : true,
  "transactionScopeOption" : "Required",
  "executionReason" : "REGULAR_FLOW"
}', 'org.ovirt.engine.core.common.action.VdcActionParametersBase', 'd2a32657-e766-5845-9970-794bf0c84155', 'a600385f-08e8-58f9-8550-1ea125ab020a');
COMMIT;
