//! One connection of HTTP/1.1 that is kept open, with one request at a time: what a client costs
//! is taken from the same cores as what is measured, so it must cost little.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Where the services are, and who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    pub address: String,
    pub token: String,
}

pub struct Connection {
    caller: Caller,
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<Result<(), hyper::Error>>,
}

impl Connection {
    pub async fn open(caller: &Caller) -> anyhow::Result<Self> {
        let address = &caller.address;
        let stream = TcpStream::connect(address).await;
        let stream = stream.with_context(|| format!("nobody serves on {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            caller: caller.clone(),
            sender,
            driver: tokio::spawn(driver),
        })
    }

    pub async fn get(&mut self, path: &str) -> anyhow::Result<Bytes> {
        self.ask(Method::GET, path, None, Bytes::new()).await
    }

    pub async fn post(
        &mut self,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<Bytes> {
        self.ask(Method::POST, path, key, body).await
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.caller.address)
            .header(AUTHORIZATION, format!("Bearer {}", self.caller.token));
        if let Some(key) = key {
            request = request
                .header("Idempotency-Key", key)
                .header(CONTENT_TYPE, "application/json");
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body))?);
        let answer = answer.await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(
            status.is_success(),
            "{path} was answered with {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }

    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.sender);
        Ok(self.driver.await??)
    }
}
