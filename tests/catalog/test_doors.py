"""What other rooms may use of these rooms: a name added or taken away is a decision."""

import importlib

import pytest

DOORS = {
    "mainstem.catalog": """ENVIRONMENTS KEEP RETIRED VERSION_STEP AnyDefinition BoundCatalog
        Catalog Config Definer Definition EventData Failure FailureHandler FunctionFailed
        FunctionSkipped GuardRail Handler Keep NonRetriableError OnCron OnEvent Override
        RetryAfterError Rollout Run Scheduled SdkDefinition Sender SenderSync Skipped StepError
        Switches Trigger Version adopt any_of check_served_by client_sender client_sender_sync
        cron define event rollout sdk_function shares_in""",
    "mainstem.clients": """SDK_VARIABLES ClientMadeOtherwise ClientNotOurs SdkVariable
        ServeOptions client_for close_clients current_client current_settings log_client
        reset_clients sdk_environment serve_options""",
    "mainstem.lint": """RULES Finding NothingToLint Rule SentEvents Severity lint_paths
        lint_source sent_events""",
    "mainstem.migrate": """Action Item Kind LibcstMissing MigrateError Plan Unreadable
        plan_migration write""",
    "mainstem.registration": """CANARY_ID FILE_NAME Answer BadManifest BadPart CanaryBack
        CanaryLost CanarySent Comparison ContractBroken Described Difference Endpoint Finding
        FunctionEntry HeldApp Level Manifest Part RegistrationError Row Seen Server SyncFailed
        Synced Wanted ask_api ask_server canary_definition changes check_at_start check_contract
        check_parts compare expected fingerprint in_order is_inngest keys_of manifest_of part_in
        read_functions read_manifest read_part send_canary sync verify wanted wanted_in
        with_canary""",
    "mainstem.serving": """SERVE_PATH Application CannotLoad DoubleServe Endpoint MissingExtra
        Options Served ServicesMissing UnknownFunction UnknownPart bind_for check_disabled
        endpoint_for load_application part_of part_settings reset_serving""",
    "mainstem.settings": """BRANCH_VARIABLES NOT_READ POLICIES SIGNALS VARIABLES Branch Detected
        Environment Findings Lost Peer Policy Settings Share Signal SyncLimits detect
        examine_settings key_hash load_settings policy_of shares_of short_hash veiled
        veiled_problem without_password""",
    "mainstem.testing": """Comparison Difference EngineRun Harness HarnessClosed HarnessError
        LogSeen NeverEnds NoSuchRun Pending Proof Record RecordedStep ReplayDiffers RunFailed
        RunResult SeenStep Sent SentEvent Slept StandIn StepTaken StillRunning SyncHarness SyncRun
        Try Unanswered replay_from_every_step run_handler""",
    "mainstem.web": """SERVE_PATH DatabaseHealth Health Opened UnknownFunction application
        canaried check_disabled create_app create_worker_app database_health limits_from
        open_services""",
}


@pytest.mark.parametrize("room", DOORS)
def test_the_door_of_a_room_has_these_names(room: str) -> None:
    door = importlib.import_module(room)
    assert set(door.__all__) == set(DOORS[room].split())
    assert all(hasattr(door, name) for name in door.__all__)
    assert door.__doc__
