-- The part of an engine 3.4 database that coco meets: the task tables with everything around them that the
-- task procedures read. Column order, types, defaults, constraint and index names are the engine's.
-- Whoever loads this owns everything. It holds no psql commands and no transaction control.

CREATE TYPE public.iduuidtype AS (id uuid);

CREATE TYPE public.async_tasks_info_rs AS (
    dc_id         uuid,
    dc_name       character varying,
    spm_host_id   uuid,
    spm_host_name character varying,
    task_count    integer
);

-- ---- which scripts the engine has run ----

CREATE SEQUENCE public.schema_version_seq;

CREATE TABLE public.schema_version (
    id           integer NOT NULL DEFAULT nextval('public.schema_version_seq'),
    version      character varying(10) NOT NULL,
    script       character varying(255) NOT NULL,
    checksum     character varying(128),
    installed_by character varying(63) NOT NULL,
    started_at   timestamp without time zone DEFAULT now(),
    ended_at     timestamp without time zone,
    state        character varying(15) NOT NULL,
    current      boolean NOT NULL,
    comment      text DEFAULT ''::text,
    CONSTRAINT schema_version_primary_key PRIMARY KEY (id)
);

-- A handful of rows stands for the 231 of a real database. The checksums are md5 sums of the names.
INSERT INTO public.schema_version (version, script, checksum, installed_by, started_at, ended_at, state, current, comment)
SELECT v.version, v.script, coalesce(v.checksum, md5(v.script)), 'engine',
       timestamp '2014-05-06 07:00:00' + v.n * interval '1 second',
       timestamp '2014-05-06 07:00:00.25' + v.n * interval '1 second',
       v.state, v.version = '03040810', v.comment
FROM (VALUES
    (1, '03020000', 'upgrade/03_02_0000_set_version.sql', '0', 'INSTALLED', ''),
    (2, '03030010', 'upgrade/03_03_0010_first_of_3_3.sql', NULL, 'INSTALLED', ''),
    (3, '03030350', 'upgrade/03_03_0350_task_columns.sql', NULL, 'INSTALLED', ''),
    (4, '03030682', 'upgrade/03_03_0682_same_file_again.sql', md5('upgrade/03_03_0350_task_columns.sql'), 'SKIPPED',
        'Installed already by  03030350'),
    (5, '03040010', 'upgrade/03_04_0010_first_of_3_4.sql', NULL, 'INSTALLED', ''),
    (6, '03040800', 'upgrade/03_04_0800_last_but_one.sql', NULL, 'INSTALLED', ''),
    (7, '03040810', 'upgrade/03_04_0810_last_of_3_4.sql', NULL, 'INSTALLED', '')
) AS v(n, version, script, checksum, state, comment)
ORDER BY v.n;

-- ---- the task tables ----

CREATE TABLE public.async_tasks (
    task_id             uuid NOT NULL,
    action_type         integer NOT NULL,
    status              integer NOT NULL,
    result              integer NOT NULL,
    action_parameters   text,
    action_params_class character varying(256),
    step_id             uuid,
    command_id          uuid NOT NULL,
    started_at          timestamp with time zone,
    storage_pool_id     uuid,
    task_type           integer NOT NULL DEFAULT 0,
    task_parameters     text,
    task_params_class   character varying(256),
    vdsm_task_id        uuid,
    root_command_id     uuid,
    CONSTRAINT pk_async_tasks PRIMARY KEY (task_id)
);

CREATE INDEX idx_vdsm_task_id ON public.async_tasks USING btree (vdsm_task_id);

CREATE TABLE public.async_tasks_entities (
    async_task_id uuid NOT NULL,
    entity_id     uuid NOT NULL,
    entity_type   character varying(128),
    CONSTRAINT fk_async_task_entity FOREIGN KEY (async_task_id)
        REFERENCES public.async_tasks (task_id) ON DELETE CASCADE
);

-- ---- data centres and hosts ----

CREATE TABLE public.storage_pool (
    id                       uuid NOT NULL,
    name                     character varying(40) NOT NULL,
    description              character varying(4000) NOT NULL,
    storage_pool_type        integer,
    storage_pool_format_type character varying(50),
    status                   integer NOT NULL,
    master_domain_version    integer NOT NULL,
    spm_vds_id               uuid,
    compatibility_version    character varying(40) NOT NULL DEFAULT '2.2',
    _create_date             timestamp with time zone DEFAULT ('now'::text)::timestamp without time zone,
    _update_date             timestamp with time zone,
    quota_enforcement_type   integer,
    free_text_comment        text,
    is_local                 boolean,
    CONSTRAINT pk_storage_pool PRIMARY KEY (id)
);

-- vds_static has 35 columns in the engine; these are the ones without which a host cannot be added.
CREATE TABLE public.vds_static (
    vds_id       uuid NOT NULL,
    vds_name     character varying(255) NOT NULL,
    host_name    character varying(255) NOT NULL,
    port         integer NOT NULL,
    vds_group_id uuid NOT NULL,
    vds_type     integer NOT NULL DEFAULT 0,
    vds_strength integer NOT NULL DEFAULT 100,
    pm_options   character varying(4000) NOT NULL DEFAULT '',
    pm_enabled   boolean NOT NULL DEFAULT false,
    recoverable  boolean NOT NULL DEFAULT true,
    CONSTRAINT pk_vds_static PRIMARY KEY (vds_id),
    CONSTRAINT vds_static_vds_name_unique UNIQUE (vds_name),
    CONSTRAINT vds_static_host_name_unique UNIQUE (host_name)
);

-- ---- jobs, their steps, and compensation data ----

CREATE TABLE public.job (
    job_id           uuid NOT NULL,
    action_type      character varying(50) NOT NULL,
    description      text NOT NULL,
    status           character varying(32) NOT NULL,
    owner_id         uuid,
    visible          boolean NOT NULL DEFAULT true,
    start_time       timestamp with time zone NOT NULL,
    end_time         timestamp with time zone,
    last_update_time timestamp with time zone,
    correlation_id   character varying(50) NOT NULL,
    is_external      boolean DEFAULT false,
    is_auto_cleared  boolean DEFAULT true,
    CONSTRAINT pk_jobs PRIMARY KEY (job_id)
);

CREATE INDEX idx_job_start_time ON public.job USING btree (start_time);

CREATE TABLE public.step (
    step_id              uuid NOT NULL,
    parent_step_id       uuid,
    job_id               uuid NOT NULL,
    step_type            character varying(32) NOT NULL,
    description          text NOT NULL,
    step_number          integer NOT NULL,
    status               character varying(32) NOT NULL,
    start_time           timestamp with time zone NOT NULL,
    end_time             timestamp with time zone,
    correlation_id       character varying(50) NOT NULL,
    external_id          uuid,
    external_system_type character varying(32),
    is_external          boolean DEFAULT false,
    CONSTRAINT pk_steps PRIMARY KEY (step_id),
    CONSTRAINT fk_step_job FOREIGN KEY (job_id) REFERENCES public.job (job_id) ON DELETE CASCADE
);

CREATE INDEX idx_step_job_id ON public.step USING btree (job_id);
CREATE INDEX idx_step_parent_step_id ON public.step USING btree (parent_step_id);
CREATE INDEX idx_step_external_id ON public.step USING btree (external_id);

CREATE TABLE public.business_entity_snapshot (
    id              uuid NOT NULL,
    command_id      uuid NOT NULL,
    command_type    character varying(256) NOT NULL,
    entity_id       character varying(128),
    entity_type     character varying(128),
    entity_snapshot text,
    snapshot_class  character varying(128),
    snapshot_type   integer,
    insertion_order integer,
    started_at      timestamp with time zone DEFAULT now(),
    CONSTRAINT pk_id PRIMARY KEY (id),
    CONSTRAINT uq_command_id_entity_id UNIQUE (command_id, entity_id, entity_type, snapshot_type)
);

CREATE INDEX idx_business_entity_snapshot_command_id ON public.business_entity_snapshot USING btree (command_id);

-- ---- options ----

CREATE SEQUENCE public.vdc_options_seq;

CREATE TABLE public.vdc_options (
    option_id    integer NOT NULL DEFAULT nextval('public.vdc_options_seq'),
    option_name  character varying(100) NOT NULL,
    option_value character varying(4000) NOT NULL,
    version      character varying(40) NOT NULL DEFAULT 'general',
    CONSTRAINT pk_vdc_options PRIMARY KEY (option_id)
);

CREATE INDEX ix_vdc_options ON public.vdc_options USING btree (option_name);

INSERT INTO public.vdc_options (option_name, option_value) VALUES
    ('AsyncTaskPollingRate', '10'),
    ('AsyncTaskStatusCacheRefreshRateInSeconds', '30'),
    ('AsyncTaskStatusCachingTimeInMinutes', '1'),
    ('AsyncTaskZombieTaskLifeInMinutes', '3000'),
    ('VdcVersion', '3.4.0.0');

-- ---- a view that has nothing to do with tasks ----

CREATE VIEW public.dwh_datacenter_history_view AS
SELECT dc.id AS datacenter_id,
       dc.status::smallint AS datacenter_status
FROM public.storage_pool AS dc;
