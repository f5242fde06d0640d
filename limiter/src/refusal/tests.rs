//! Each line of a table is `refusal | status | code | message`. The column is empty if there is no
//! code or message.

use super::Refusal;

/// The codes of Model Studio, in both spellings.
const MODEL_STUDIO: &str = "
    Requests     | 429 | Throttling.RateQuota | Requests rate limit exceeded
    Requests     | 429 | limit_requests | You exceeded your current requests list.
    Requests     | 429 | LimitRequests |
    Requests     | 429 | Throttling | Too many requests in route
    Tokens       | 429 | Throttling.AllocationQuota | Allocated quota exceeded
    Tokens       | 429 | insufficient_quota | \
        You exceeded your current quota, please check your plan and billing details.
    NotRetryable | 429 | insufficient_quota | Free allocated quota exceeded.
    NotRetryable | 429 | Throttling.AllocationQuota | Free allocated quota exceeded
    NotRetryable | 400 | Throttling.AllocationQuota | Maximum voice-clone voice limit exceeded
    Capacity     | 429 | Throttling.AllocationQuota | \
        Batch requests are being throttled due to system capacity limits
    Burst        | 429 | Throttling.BurstRate | Request rate increased too quickly
    Burst        | 429 | limit_burst_rate |
    Concurrency  | 429 | Throttling.Concurrency | Too many concurrent requests
    NotRetryable | 429 | CommodityNotPurchased |
    NotRetryable | 429 | PrepaidBillOverdue |
    NotRetryable | 429 | PostpaidBillOverdue |
    NotRetryable | 403 | AllocationQuota.FreeTierOnly |
    NotRetryable | 403 | Endpoint.AccessDenied | Workspace endpoint access denied.
    NotRetryable | 404 | ModelNotFound |
    NotRetryable | 404 | model_not_found |
    Capacity     | 500 | ModelServingError | throttled due to system capacity limits
    Capacity     | 503 | ModelUnavailable |
    Burst        | 429 | new_code | Request rate increased too quickly
    NotRetryable | 400 | InvalidParameter |
    NotRetryable | 401 | InvalidApiKey |
";

const OPENAI: &str = "
    Requests     | 429 | rate_limit_exceeded | on requests per min (RPM): Limit 3, Used 3
    Requests     | 429 | rate_limit_exceeded | on requests per day (RPD): Limit 200, Used 200
    Requests     | 429 | rate_limit_exceeded | on images per min: Limit 5, Used 5
    Requests     | 429 | rate_limit_exceeded | on requests per min. Limit: 3 / min. \
        Add a payment method to your account. Visit https://platform.openai.com/account/billing
    Requests     | 429 | rate_limit_exceeded |
    Tokens       | 429 | rate_limit_exceeded | on tokens per min (TPM): Limit 30000, Used 14567
    Tokens       | 429 | rate_limit_exceeded | on tokens per min (TPM): Limit 30000. \
        Visit https://platform.openai.com/account/rate-limits to learn more.
    Tokens       | 429 | rate_limit_exceeded | on tokens per day (TPD): Limit 2, Used 1
    Tokens       | 200 | rate_limit_exceeded | on tokens per min (TPM): Limit 250000
    NotRetryable | 429 | rate_limit_exceeded | Request too large for gpt-4o on tokens per min
    NotRetryable | 429 | insufficient_quota | \
        You exceeded your current quota, please check your plan and billing details. \
        For more information, read the docs: https://platform.openai.com/docs/guides/error-codes
    NotRetryable | 429 | | You exceeded your current quota. https://platform.openai.com/docs
    NotRetryable | 429 | credit_balance_exhausted | You exceeded your current quota
    NotRetryable | 429 | organization_spend_limit_exceeded |
    NotRetryable | 429 | organization_usage_limit_exceeded |
    NotRetryable | 429 | project_spend_limit_exceeded |
    NotRetryable | 400 | billing_hard_limit_reached | Billing hard limit has been reached
    NotRetryable | 429 | billing_not_active | Your account is not active, please check your billing
    NotRetryable | 429 | | Your account is not active, please check your billing
    Burst        | 503 | slow_down | Slow Down
    Burst        | 429 | slow_down |
    Burst        | 503 | | Slow Down
    Burst        | 429 | | slow down
    Capacity     | 500 | server_error | The server had an error
    Capacity     | 429 | server_error | That model is currently overloaded
    Capacity     | 200 | | The server had an error while processing your request
    Capacity     | 429 | | The engine is currently overloaded
    Capacity     | 503 | | That model is currently overloaded
    Capacity     | 200 | server_is_overloaded | Selected model is at capacity.
    NotRetryable | 400 | context_length_exceeded |
    NotRetryable | 401 | invalid_api_key |
    NotRetryable | 404 | model_not_found |
";

const AZURE: &str = "
    Tokens       | 429 | 429 | \
        Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-02-01 \
        have exceeded token rate limit of your current OpenAI S0 pricing tier.
    Tokens       | 429 | RateLimitReached | Your requests have exceeded the token rate limit
    Tokens       | 429 | | Your requests have exceeded the token rate limit
    Requests     | 429 | 429 | Requests have exceeded call rate limit of your current tier
    Requests     | 429 | RateLimitReached | Your requests have exceeded the call rate limit
    Requests     | 429 | 429 | Rate limit is exceeded. Try again in 30 seconds.
    Requests     | 429 | too_many_requests | Too Many Requests
    Requests     | 200 | too_many_requests | Too Many Requests
    Capacity     | 429 | NoCapacity | The system is currently experiencing high demand
    Capacity     | 429 | 429 | The system is currently experiencing high demand
    Capacity     | 429 | | The service is temporarily unable to process your request
    NotRetryable | 404 | DeploymentNotFound | The API deployment for this resource does not exist.
";

const ANTHROPIC: &str = "
    Tokens       | 429 | rate_limit_error | \
        This would exceed the rate limit for your organization of 20,000 input tokens per minute. \
        Please reduce the prompt length or the maximum tokens requested. \
        You may also contact sales to discuss your options for a rate limit increase.
    Tokens       | 429 | rate_limit_error | of 8,000 output tokens per minute
    Tokens       | 429 | rate_limit_error | \
        Number of request tokens has exceeded your per-minute rate limit
    Requests     | 429 | rate_limit_error | \
        This would exceed the rate limit for your organization of 50 requests per minute. \
        Please reduce the prompt length or the maximum tokens requested.
    Requests     | 429 | rate_limit_error | This request would exceed your account's rate limit.
    Requests     | 429 | rate_limit_error | Rate limited
    Requests     | 200 | rate_limit_error |
    Concurrency  | 429 | rate_limit_error | \
        Number of concurrent connections has exceeded your rate limit. \
        Contact sales to discuss your options for a rate limit increase.
    Burst        | 429 | rate_limit_error | \
        This would exceed your maximum usage increase rate for input tokens per minute.
    Burst        | 429 | rate_limit_error | input tokens per minute. \
        Please scale up your usage more gradually to stay within the acceleration limit.
    NotRetryable | 429 | rate_limit_error | You have reached your API usage limits
    NotRetryable | 429 | enforced_spend_limit_reached |
    Capacity     | 529 | overloaded_error | Overloaded
    Capacity     | 200 | overloaded_error | Overloaded
    Capacity     | 500 | api_error | Internal server error
    Capacity     | 504 | timeout_error |
    NotRetryable | 402 | billing_error |
    NotRetryable | 400 | invalid_request_error | Your credit balance is too low
    NotRetryable | 200 | | Your credit balance is too low
    NotRetryable | 401 | authentication_error |
    NotRetryable | 403 | permission_error |
    NotRetryable | 404 | not_found_error |
    NotRetryable | 413 | request_too_large |
";

/// Errors in the body of a stream that began with the status 200.
const STREAMS: &str = "
    Requests     | 200 | | Requests rate limit exceeded, please try again later
    Requests     | 200 | | You exceeded your current requests list.
    Tokens       | 200 | | Allocated quota exceeded, please increase your quota limit.
    Tokens       | 200 | | You exceeded your current quota, please check your plan
    Tokens       | 200 | new_code | ALLOCATED QUOTA EXCEEDED
    NotRetryable | 200 | | Free allocated quota exceeded.
    Concurrency  | 200 | | Too many concurrent requests
    Burst        | 200 | | Request rate increased too quickly
    Capacity     | 200 | | Too many requests, throttled due to system capacity limits
    Capacity     | 200 | | Overloaded
    Capacity     | 200 | new_code | Internal server error
    Capacity     | 200 | InternalError | An internal error has occured, please try again later
    NotRetryable | 200 | new_code | The parameter is not valid
    NotRetryable | 200 | |
";

const STATUSES: &str = "
    Requests     | 429 | |
    Requests     | 429 | new_code | new message
    Capacity     | 408 | |
    Capacity     | 500 | new_code | Rate limit
    Capacity     | 502 | |
    Capacity     | 503 | |
    Capacity     | 504 | |
    Capacity     | 520 | |
    Capacity     | 521 | |
    Capacity     | 522 | |
    Capacity     | 523 | |
    Capacity     | 524 | |
    Capacity     | 529 | |
    NotRetryable | 400 | | Too many concurrent requests
    NotRetryable | 402 | |
    NotRetryable | 425 | |
    NotRetryable | 501 | |
    NotRetryable | 525 | |
    NotRetryable | 526 | |
";

const PROVIDERS: [&str; 4] = [MODEL_STUDIO, OPENAI, AZURE, ANTHROPIC];

/// The codes with several meanings.
const SHARED_CODES: [&str; 8] = [
    "",
    "429",
    "insufficient_quota",
    "rate_limit_error",
    "rate_limit_exceeded",
    "RateLimitReached",
    "Throttling.AllocationQuota",
    "too_many_requests",
];

#[test]
fn the_codes_and_messages_of_all_providers() {
    PROVIDERS.into_iter().for_each(check);
}

#[test]
fn errors_in_a_stream() {
    check(STREAMS);
}

#[test]
fn statuses() {
    check(STATUSES);
}

/// A temporary limit stays one, whichever code it arrives with.
#[test]
fn a_limit_of_one_provider_is_not_money_at_another() {
    for [refusal, _, _, message] in PROVIDERS.into_iter().flat_map(lines) {
        if refusal == "NotRetryable" || message.is_empty() {
            continue;
        }
        for code in SHARED_CODES {
            let classified = Refusal::classify(429, code, message);
            assert!(classified.is_retryable(), "{code} | {message}");
        }
    }
}

/// The status of a proxy does not replace the code.
#[test]
fn a_known_code_takes_precedence_over_the_status() {
    for [refusal, _, code, message] in PROVIDERS.into_iter().flat_map(lines) {
        if code.is_empty() || ["new_code", "InvalidParameter", "InvalidApiKey"].contains(&code) {
            continue;
        }
        for status in [200, 400, 429, 500, 503] {
            let classified = Refusal::classify(status, code, message);
            assert_eq!(
                format!("{classified:?}"),
                refusal,
                "{status} | {code} | {message}"
            );
        }
    }
}

fn check(table: &str) {
    for [refusal, status, code, message] in lines(table) {
        let classified = Refusal::classify(status.parse().unwrap(), code, message);
        assert_eq!(
            format!("{classified:?}"),
            refusal,
            "{status} | {code} | {message}"
        );
    }
}

fn lines(table: &str) -> impl Iterator<Item = [&str; 4]> {
    table.trim().lines().map(|line| {
        let mut columns = line.split('|').map(str::trim);
        [(); 4].map(|()| columns.next().unwrap())
    })
}
