-- coco:lock async_tasks ACCESS EXCLUSIVE
-- Drops everything that expand created. By name: should anything else live in schema coco, dropping the schema stops here.
DROP TRIGGER coco_log_tasks_truncate ON public.async_tasks;
DROP TRIGGER coco_log_tasks ON public.async_tasks;

DO $drop$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE pronamespace = 'coco'::regnamespace AND proname = ANY ('{
            signature,engine_owner,definition,refuse_dependants,put_away,park,add_grants,dress,inherit,unpark,share_grants,own_all,
            taken_over,changed_procedures,require_procedures,refuse_procedure,reinstall,adopt,place,move_in,
            value_hash,combine,fingerprint,is_needed,task_differences,differences,logged_tasks,logged_differences,guards,waits,prove,require_values,require_proof,verify,
            offer_command,record_task,release_command,sweep,forget_task,renew_command,task_commands,
            log_task_id,log_command,release_task,catch_up,
            held_tasks,held_commands,
            tasks_between,begin_step,table_file,copy_again,survey_tasks,choose_tasks,suspect_tasks,copy_commands,copy_changed,build_index,compare_part,
            archive_tasks,end_step,forget_choice,take_lane,backfill,begin_drain,drain_blockers,require_drained,
            command_chains,command_hierarchy,command_tree,below,register_instance,renew_lease,stop_instance,instances,fence,
            is_final,may_become,save_commands,named_commands,made_progress,persist_commands,change_status,
            unfinished_commands,recover_commands,own_commands,resume_command,removal_blockers,remove_command,
            require_switch,list_commands,tree_overview,take_out,
            finished_trees,commands_of_tasks,clean_trees,require_commands,begin_cleanup,clean_batch,end_cleanup,database_clock,
            require_retired,save_task,tasks_with_commands,remove_tasks,
            unheld_commands,lost_commands,stage_commands,lock_readers,load_commands,column_grants,keep_columns,held_values,restore_columns,mark_engine_scripts}'::text[])
    LOOP
        EXECUTE format('DROP FUNCTION %s', v_function);
    END LOOP;
END;
$drop$;

DROP VIEW coco.removed_task, coco.task_command, coco.exported_command, coco.command_overview, coco.removal_blocker, coco.instance_summary, coco.instance_state, coco.command_head, coco.command, coco.loaded_command, coco.cleanup_outcome;
DROP VIEW coco.async_task;
DROP TABLE coco.command_owner, coco.engine_instance;
DROP TABLE public.command_entities;
DROP TABLE coco.cleanup_run, coco.loading, coco.column_kept, coco.installed, coco.parked, coco.drain, coco.receipt, coco.chosen, coco.suspect, coco.lane, coco.progress, coco.to_release, coco.change_log,
    coco.archive, coco.ledger, coco.state, coco.home, coco.journal;
DROP SCHEMA coco;
