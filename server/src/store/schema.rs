//! The tables, as the migrations make them; but for `metadata` of sessions, which nothing reads yet, and `imported_at`, which two
//! queries know: Diesel takes sixteen columns unless it is built for more, which takes everybody longer.

diesel::table! {
    sessions (session_id) {
        session_id -> Text,
        user_id -> Text,
        agent_id -> Text,
        agent_name -> Text,
        parent_role -> Nullable<Text>,
        model_id -> Text,
        model_name -> Text,
        title -> Text,
        status -> Text,
        pinned -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        archived_at -> Nullable<BigInt>,
        next_session_id -> Nullable<Text>,
        head_id -> Nullable<Text>,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    messages (message_id) {
        message_id -> Text,
        session_id -> Text,
        message_type -> Text,
        content -> Text,
        agent_id -> Text,
        model_id -> Nullable<Text>,
        model_name -> Nullable<Text>,
        timestamp -> BigInt,
        status -> Text,
        prompt_tokens -> Nullable<BigInt>,
        completion_tokens -> Nullable<BigInt>,
        total_tokens -> Nullable<BigInt>,
        usage_estimated -> Bool,
        cost_micros -> Nullable<BigInt>,
        metadata -> Text,
        parent_id -> Nullable<Text>,
    }
}

diesel::table! {
    turns (turn_id) {
        turn_id -> Text,
        session_id -> Text,
        user_id -> Text,
        message_id -> Text,
        answer_id -> Text,
        client_request_id -> Nullable<Text>,
        status -> Text,
        last_seq -> BigInt,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    journal (journal_id) {
        journal_id -> BigInt,
        turn_id -> Text,
        seq -> BigInt,
        content -> Text,
        statuses -> Nullable<Text>,
    }
}

diesel::table! {
    usage (user_id, day, session_id, agent_id, model_id) {
        user_id -> Text,
        day -> BigInt,
        session_id -> Text,
        agent_id -> Text,
        model_id -> Text,
        agent_name -> Text,
        model_name -> Text,
        answers -> BigInt,
        prompt_tokens -> BigInt,
        completion_tokens -> BigInt,
        total_tokens -> BigInt,
        cost_micros -> BigInt,
        unpriced -> BigInt,
        estimated -> BigInt,
    }
}

diesel::table! {
    session_totals (session_id) {
        session_id -> Text,
        user_id -> Text,
        status -> Text,
        agent_id -> Text,
        model_id -> Text,
        created_at -> BigInt,
        message_count -> BigInt,
        total_tokens -> BigInt,
        cost_micros -> BigInt,
        estimated_messages -> BigInt,
    }
}

diesel::table! {
    session_counts (user_id, status, agent_id, model_id) {
        user_id -> Text,
        status -> Text,
        agent_id -> Text,
        model_id -> Text,
        sessions -> BigInt,
    }
}

diesel::table! {
    search_people (person_id) {
        person_id -> BigInt,
        user_id -> Text,
        ahead -> BigInt,
    }
}

diesel::table! {
    search_scopes (scope_id) {
        scope_id -> BigInt,
        user_id -> Text,
        agent_id -> Text,
        agent_name -> Text,
        model_id -> Text,
        model_name -> Text,
    }
}

diesel::joinable!(messages -> sessions (session_id));
diesel::joinable!(session_totals -> sessions (session_id));
diesel::joinable!(turns -> sessions (session_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, messages, turns, journal, session_totals, session_counts);
