//! A `tower` layer that waits for a permit before each request.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::{Cost, Limiter, Permit};

/// The error of a [`LimiterService`]: an [`AcquireError`](crate::AcquireError), or an error of the
/// inner service.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A `tower` layer that waits for a permit before each request.
///
/// `admit` returns the limiter and the estimated cost of a request. `complete` receives the permit
/// and the result, and ends the permit with [`Permit::settle`] or [`Permit::refused`]. It can also
/// pass the permit on, for example over a channel to the code that reads a stream to its end.
///
/// The permit is acquired in `call`, not in `poll_ready`, so a service that is never called uses
/// none of the limits. If the inner service limits concurrency, a request counts toward that limit
/// while it waits for its permit.
///
/// ```
/// use model_studio_limiter::{Account, Cost, LimiterLayer, Permit, Refusal};
/// use model_studio_limits::Model;
/// # use std::convert::Infallible;
/// # use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// struct Request {
///     model: Model,
///     tokens: u64,
/// }
/// struct Response {
///     status: u16,
///     tokens: u64,
/// }
///
/// # pollster::block_on(async {
/// # let client = service_fn(|request: Request| async move {
/// #     Ok::<_, Infallible>(Response { status: 200, tokens: request.tokens })
/// # });
/// let account = Account::<Model>::new();
/// let layer = LimiterLayer::new(
///     move |request: &Request| (account.limiter(request.model).clone(), Cost::from(request.tokens)),
///     |permit: Permit, result: &Result<Response, _>| match result {
///         Ok(response) if response.status == 200 => permit.settle(response.tokens),
///         Ok(response) => permit.refused(Refusal::classify(response.status, "", "")),
///         Err(_) => drop(permit),
///     },
/// );
/// let mut service = ServiceBuilder::new().layer(layer).service(client);
/// let request = Request { model: Model::QwenPlus, tokens: 1_000 };
/// let response = service.ready().await?.call(request).await?;
/// assert_eq!(response.tokens, 1_000);
/// # Ok::<(), model_studio_limiter::BoxError>(())
/// # }).unwrap();
/// ```
pub struct LimiterLayer<A, C> {
    functions: Arc<(A, C)>,
}

impl<A, C> LimiterLayer<A, C> {
    /// Creates a layer.
    pub fn new(admit: A, complete: C) -> Self {
        Self {
            functions: Arc::new((admit, complete)),
        }
    }
}

impl<S, A, C> Layer<S> for LimiterLayer<A, C> {
    type Service = LimiterService<S, A, C>;

    fn layer(&self, inner: S) -> Self::Service {
        LimiterService {
            inner,
            functions: Arc::clone(&self.functions),
        }
    }
}

/// The service of a [`LimiterLayer`].
pub struct LimiterService<S, A, C> {
    inner: S,
    functions: Arc<(A, C)>,
}

impl<S, A, C, Request> Service<Request> for LimiterService<S, A, C>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    S::Response: Send,
    Request: Send + 'static,
    A: Fn(&Request) -> (Limiter, Cost) + Send + Sync + 'static,
    C: Fn(Permit, &Result<S::Response, BoxError>) + Send + Sync + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // Only `self.inner` has been polled until it was ready, so it takes this request, and the
        // clone the next one.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let functions = Arc::clone(&self.functions);
        Box::pin(async move {
            let (admit, complete) = &*functions;
            let (limiter, cost) = admit(&request);
            let permit = limiter.acquire(cost).await?;
            let result = inner.call(request).await.map_err(Into::into);
            complete(permit, &result);
            result
        })
    }
}

impl<A, C> Clone for LimiterLayer<A, C> {
    fn clone(&self) -> Self {
        Self {
            functions: Arc::clone(&self.functions),
        }
    }
}

impl<S: Clone, A, C> Clone for LimiterService<S, A, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            functions: Arc::clone(&self.functions),
        }
    }
}

impl<A, C> fmt::Debug for LimiterLayer<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimiterLayer").finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, A, C> fmt::Debug for LimiterService<S, A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimiterService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
